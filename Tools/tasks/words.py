"""Names and words that the sets of `generate.py` are filled with. All names were made up for it.

Each list of names is divided in the order given: the first 70% go into the train split, the next 15% into validation
and the rest into test, so that a model can't pass by remembering names.
"""

FIRST = """Maren Tobias Ilse Priya Callum Noor Edwin Sabine Kofi Lucia Henrik Amara Piotr Yuki Beatriz Osman Greta Luis
Farida Jonah Wren Anselm Kiri Dmitri Paloma Rhys Salma Viggo Thandi Marek Elodie Hamza Signe Arlo Nadia Cormac Leila
Bruno Imani Stellan Rosa Idris Frida Mateo Zora Kasper Asha Linus Odile Tariq Maeve Ravi Sunniva Pablo Hedda Emeka
Clara Joaquin Birgit Anders""".split()

LAST = """Holloway Brandt Okonkwo Lindqvist Marchetti Dasgupta Farrow Petrov Quiroga Ashdown Nakagawa Verhoeven Mbeki
Tarrant Sorensen Castellano Whitlock Haddad Kowalczyk Penrose Achebe Rosenthal Ferreira Langley Iwasaki Drummond
Vasquez Thorne Eriksen Bellamy Rahman Gallagher Novak Ostrander Mendoza Pryce Kaminski Hartwell Silvano Abernathy
Yilmaz Crowther Delacroix Fairburn Ueda Strand Marlowe Zielinski Okafor Winslow Barros Kestrel Amari Lowell Vance
Torvald Sandoval Ives Rutledge Meyerhof""".split()

TOWNS = """Harrowgate|Port Ellery|Vistria|Lowmere|Castel Dorro|Brightwater|Ondal|New Tamsin|Feldkirchen|Saltash Bay
Kirrawee|Montarra|Easthollow|Grenwick|Larkspur|Novaya Reka|Pellworth|Quarrystone|Rio Tercero|Stavenholm|Tarn Hill
Umberley|Valdoro|Westmarch|Yarrowby|Zandvliet|Ashgrove|Birchwood|Cape Lindsay|Dunmoor|Elverton|Fort Brannock|Glenmora
Highcombe|Isla Verde|Juniper Falls|Kingsford|Lake Orrin|Millbrook|Northam""".replace("\n", "|").split("|")

REGIONS = """Kestria|the Aldan Valley|Morvania|Upper Selby|the Corran Islands|Tessaly|Ostmark|the Verran Coast|Lower Anduin
Bellamar|the Hask Peninsula|Caldria|Sundermark|the Orlo Basin|Pallasia|Westray|the Meredith Hills|Ilvania|Dorne
the Tamar Delta""".replace("\n", "|").split("|")

COMPANIES = """Northline Foods|Castor Robotics|Hale & Webb|Blue Anvil|Meridian Rail|Osprey Airlines|Tallow Brothers
Quantia|Redfern Steel|Sable Pharmaceuticals|Lumen Works|Orchard Bank|Pike Shipping|Velora|Granite Mutual|Amber Telecom
Fennel Market|Ironbridge Motors|Silverleaf Paper|Tidewater Energy|Corvus Media|Hearth Insurance|Kinetic Labs|Moss & Sons
Beacon Software|Driftwood Press|Helix Optics|Juno Textiles|Larch Timber|Summit Dairy|Aster Chemicals|Bramble Hotels
Cobalt Mining|Dovetail Furniture|Evergreen Freight|Falcon Cycles|Grove Pharmacies|Harbour Lights|Indigo Games|Keystone Glass"""
COMPANIES = COMPANIES.replace("\n", "|").split("|")

BODIES = """Harbour Authority|Rivers Trust|Chess Federation|Library Council|Mountain Rescue Service|Teachers' Union
Wildlife Commission|Rowing Club|Museum of Clocks|Institute of Soils|Weather Office|Athletics League|Film Academy
Ministry of Roads|Heritage Society|Astronomy Centre|Fishermen's Guild|Food Standards Board|Choral Society|Cycling Union"""
BODIES = BODIES.replace("\n", "|").split("|")

PEOPLES = """Kestrian Morvanian Tessalian Caldrian Pallasian Ilvanian Selbian Dornish Ostmarker Verranese Aldanian
Corranese Hasker Orlonian Westrayan Tamarese Bellamarine Sundermarker Meredithian Anduinian""".split()

EVENTS = """Lantern Festival|Copper Cup|Winter Regatta|Golden Quill Prize|Harvest Marathon|Open Skies Conference
Northern Games|Silver Screen Awards|Spring Book Fair|Coastal Rally|Summit of Cities|Masters of Bread|Tall Ships Race
Night of Museums|River Jazz Days|Young Inventors Contest|Great Northern Relay|Festival of Kites|World Skipping Open
Midsummer Debate""".replace("\n", "|").split("|")


def part(names, split):
    """The names of one split."""
    first, second = len(names) * 70 // 100, len(names) * 85 // 100
    return {"train": names[:first], "validation": names[first:second], "test": names[second:]}[split]
