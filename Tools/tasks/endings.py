"""Beginnings with four endings, one of which belongs to the same scene: the schema of swag."""

# A scene is a block: beginnings, a line "-", endings. In a beginning {who} is the one who acts.
SCENES = """
{who} puts a pan on the stove and lights the gas.
{who} ties on an apron and opens a cookbook.
{who} chops an onion on a wooden board.
-
stirs the soup and tastes it with a spoon.
cracks two eggs into the hot butter.
turns the heat down before the sauce burns.
drains the noodles over the sink.

{who} walks onto the football pitch with the other players.
{who} laces a pair of muddy boots at the edge of the field.
{who} bounces a ball on the grass and looks at the goal.
-
kicks the ball past the keeper into the net.
passes to a team mate on the left wing.
waits for the referee to blow the whistle.
runs down the side line and crosses the ball.

{who} kneels beside a flower bed with a small spade.
{who} carries a tray of seedlings out of the greenhouse.
{who} pulls on thick gloves and looks at the roses.
-
digs a hole and sets a young plant in it.
cuts the dead branches off the bush.
waters the roots with a green can.
pulls out weeds and throws them on the compost.

{who} hurries along the platform with a suitcase.
{who} shows a ticket to the guard at the station.
{who} climbs into the carriage and looks for a seat.
-
lifts the luggage onto the rack above the window.
watches the fields go by as the train gathers speed.
asks the conductor where to change lines.
steps down at the next stop and waves to a friend.

{who} stands at the edge of the pool in a rubber cap.
{who} puts on goggles and tests the water with a toe.
{who} climbs the ladder to the diving board.
-
dives in and swims to the far end.
takes a deep breath and sinks below the surface.
does three lengths on the back and rests at the side.
climbs out of the water and reaches for a towel.

{who} sets up an easel by the window.
{who} squeezes blue and white out of two tubes.
{who} stretches a canvas over a wooden frame.
-
mixes the colours and tries them on a scrap of paper.
paints the sky with a broad brush.
steps back to compare the portrait with the model.
cleans the brushes in a jar of turpentine.

{who} writes a sum on the blackboard.
{who} hands out sheets of paper to the class.
{who} asks the pupils to open their books.
-
explains the answer with a piece of chalk.
points to a girl who has raised her hand.
collects the tests and marks them in red.
tells the children to work in pairs.

{who} rolls up the sleeve of the patient.
{who} hangs a stethoscope round the neck and opens the door of the ward.
{who} reads the chart at the foot of the hospital bed.
-
listens to the heart and writes down the pulse.
cleans the skin and gives the injection.
changes the bandage on the wounded arm.
asks where it hurts and presses gently.

{who} unrolls a tent in a clearing in the woods.
{who} gathers dry branches by the lake.
{who} takes a sleeping bag out of a rucksack.
-
hammers the pegs into the ground.
lights the camp fire with a match.
toasts bread on a stick over the flames.
looks up at the stars and zips up the tent.

{who} sits on the pier with a rod and a tin of worms.
{who} pushes a small boat away from the bank at dawn.
{who} fixes a hook to the end of the line.
-
casts the bait far out into the river.
reels in a trout and drops it in the bucket.
waits quietly for the float to move.
unhooks the small fish and lets it go.

{who} shakes flour over the table.
{who} takes a bowl of dough from under a damp cloth.
{who} opens the oven of the bakery at four in the morning.
-
kneads the dough until it is smooth.
slides six loaves in with a long wooden shovel.
brushes the rolls with milk and sprinkles seeds on them.
lets the bread cool on a rack.

{who} pushes a trolley of books between the shelves.
{who} shows a library card at the desk.
{who} looks up a title in the catalogue.
-
takes a heavy volume down from the top shelf.
stamps the date on the first page.
sits down in the reading room and turns the pages.
whispers to the librarian that a chapter is missing.

{who} queues at the airport with a passport.
{who} puts shoes and a belt into a grey tray.
{who} finds the row and the seat on the boarding pass.
-
fastens the seat belt before the plane takes off.
walks through the metal detector.
looks down on the clouds from the window of the plane.
collects a bag from the belt in the arrivals hall.

{who} fastens the bindings of the skis.
{who} rides up the mountain in a chair lift.
{who} rubs wax on a snowboard.
-
pushes off and glides down the slope.
falls into the soft snow and laughs.
turns sharply in front of the red flag.
stops at the hut for a cup of hot chocolate.

{who} lifts the lid of the piano.
{who} opens a book of sheet music and adjusts the stool.
{who} tunes a violin backstage.
-
plays a slow scale with the left hand.
nods to the singer and begins the first bar.
bows to the audience after the last chord.
repeats the difficult passage until it sounds right.

{who} sits down in the chair of the barber.
{who} spreads a cape over the shoulders of a customer.
{who} picks up a comb and a pair of scissors.
-
trims the hair above the ears.
holds up a mirror to show the back of the head.
shaves the neck with a sharp razor.
sweeps the cut curls off the floor.

{who} opens the bonnet of an old car.
{who} slides under the van on a board with wheels.
{who} finds the tyre flat in the morning.
-
loosens the bolts and takes the wheel off.
checks the oil with a rag and a dipstick.
changes the spark plugs and starts the engine.
pumps the jack until the axle is off the ground.

{who} sets out crates of apples at the market.
{who} pulls up the shutter of the fruit stall.
{who} weighs a bag of cherries for a customer.
-
counts out the change in small coins.
shouts the price of the tomatoes across the square.
wraps the lettuce in newspaper.
lets the old man taste a slice of melon.

{who} clips the lead to the collar of the dog.
{who} throws a stick across the park.
{who} opens the gate and whistles for the puppy.
-
tells the animal to sit and gives it a biscuit.
chases the terrier away from the ducks.
picks up the ball that the spaniel has brought back.
wipes the paws before going into the house.

{who} puts a parcel on the scales at the post office.
{who} licks a stamp and looks for the address.
{who} rides from house to house with a bag of mail.
-
pushes three letters through the slot in the door.
asks for the registered envelope to be signed.
sorts the postcards by street.
hands over the form for a package sent abroad.

{who} buys two tickets and a bag of popcorn.
{who} looks for a seat in the dark cinema.
{who} threads the reel into the projector.
-
whispers during the opening titles of the film.
laughs so loudly that people in the front row turn round.
wipes away a tear when the hero dies on the screen.
leaves before the credits have ended.

{who} carries a basket of clothes to the washing machine.
{who} hangs wet shirts on a line in the yard.
{who} plugs in the iron and unfolds the board.
-
pours powder into the drawer and sets it to forty degrees.
presses the collar and then the sleeves.
folds the sheets and puts them in the cupboard.
pegs the last pair of socks next to the towels.

{who} threads a needle under the lamp.
{who} spreads a length of cotton on the table and marks it with chalk.
{who} sits down at the sewing machine.
-
stitches the torn pocket back on.
hems the skirt by hand.
cuts the cloth along the pattern.
sews a button on the coat and bites off the thread.

{who} leads a brown mare out of the stable.
{who} throws a saddle over the back of the horse.
{who} puts one foot in the stirrup.
-
takes the reins and trots round the paddock.
brushes the mane until it shines.
jumps the fence at a gallop.
feeds the pony a carrot from an open hand.

{who} hoists the sail as the wind freshens.
{who} unties the yacht from the jetty.
{who} studies a chart of the coast in the cabin.
-
turns the tiller to go about.
drops the anchor in a quiet bay.
leans out to keep the hull level in the gust.
steers past the lighthouse into the open sea.

{who} sets up the chess board in the cafe.
{who} presses the clock and waits for the other player to move.
{who} studies the position for a long time.
-
takes the bishop with a pawn.
offers a draw and shakes hands.
moves the queen next to the black king.
sees the checkmate one move too late.

{who} screws a camera onto a tripod.
{who} arranges the family in front of a white screen.
{who} takes the cap off the lens.
-
asks everyone to smile and presses the shutter.
adjusts the flash because the picture is too dark.
hangs the prints up to dry in the darkroom.
zooms in on the bird in the tree.

{who} leans back under the bright lamp of the dentist.
{who} pulls on rubber gloves and a mask beside the chair.
{who} complains of a pain in the jaw.
-
opens the mouth wide and grips the arms of the chair.
drills out the bad tooth and fills it.
rinses with water and spits into the basin.
taps each molar with a small mirror.

{who} wheels a racing bicycle out of the shed.
{who} straps on a helmet at the foot of the pass.
{who} hears the chain slip on the hill.
-
pedals hard to catch up with the group.
changes down to the lowest gear.
squeezes the brakes before the bend.
oils the chain and spins the wheel.

{who} spreads cement along the top of the wall.
{who} carries a load of bricks up the scaffolding.
{who} measures the door frame with a folding rule.
-
lays the next stone and taps it level.
saws the plank along the pencil line.
nails the boards to the beam.
mixes more mortar in the barrow.

{who} walks to the front of the court with a file.
{who} puts on a wig and a black gown.
{who} swears to tell the truth.
-
asks the witness where she was that night.
reads out the verdict of the jury.
tells the judge that the letter was forged.
objects to the question of the lawyer.

{who} pulls on a wool hat and picks up a telescope.
{who} opens the dome of the observatory.
{who} waits on the hill for the eclipse.
-
points the lens at the rings of Saturn.
notes the time when the moon covers the sun.
counts the meteors that fall before midnight.
finds the comet near the horizon.

{who} counts the votes in the school hall.
{who} climbs onto the platform to make a speech.
{who} pins a badge of the party to the jacket.
-
promises the crowd lower taxes.
drops the ballot paper into the box.
shakes hands with the candidate who has lost.
announces the result of the election.

{who} lifts the lid of the hive in a white veil.
{who} puffs smoke at the entrance of the hive.
{who} checks the frames for the queen.
-
scrapes the wax off the comb.
lets the honey run into a jar.
brushes the bees gently off the sleeve.
finds a swarm hanging in the apple tree.

{who} drives the tractor out to the barley.
{who} calls the cows in for milking.
{who} looks at the sky before the harvest.
-
ploughs one furrow after another.
tips the grain into the barn.
carries two pails of milk across the yard.
mends the fence where the bull got out.

{who} steps onto the stage in a long red cloak.
{who} learns the lines of the second act by heart.
{who} waits in the wings for the curtain to rise.
-
forgets a word and looks at the prompter.
draws a wooden sword and fights the villain.
takes off the make-up in front of the mirror.
bows with the whole cast at the end of the play.
"""

WHO = {
    "he": ["A man", "The old man", "A young man", "A boy", "Her father", "The tall man", "My uncle", "His brother"],
    "she": ["A woman", "The girl", "An elderly lady", "A young woman", "His mother", "The tall woman", "My aunt",
            "Their daughter"],
}
LINKS = ["{} then", "After a moment {}", "Carefully {}", "Next {}", "A little later {}", "{}", "With a smile {}",
         "Without hurry {}"]


def rows(split, count, rng):
    scenes = []
    for block in SCENES.strip().split("\n\n"):
        beginnings, endings = block.split("\n-\n")
        scenes.append((beginnings.split("\n"), endings.split("\n")))
    # Every sixth scene is for validation, and the one after it for test.
    kept = {"validation": 4, "test": 5}
    mine = [
        scene for index, scene in enumerate(scenes)
        if (index % 6 == kept[split] if split in kept else index % 6 < 4)]
    seen, made = set(), []
    while len(made) < count:
        here = rng.randrange(len(mine))
        pronoun = rng.choice(["he", "she"])
        first = rng.choice(mine[here][0]).format(who=rng.choice(WHO[pronoun]))
        link = rng.choice(LINKS).format(pronoun)
        others = rng.sample([index for index in range(len(mine)) if index != here], 3)
        endings = [rng.choice(mine[here][1])] + [rng.choice(mine[index][1]) for index in others]
        order = rng.sample(range(4), 4)
        key = (first, link, endings[0])
        if key in seen:
            continue
        seen.add(key)
        row = {"video-id": f"{split}-{len(made)}", "sent1": first, "sent2": link[0].upper() + link[1:]}
        row |= {f"ending{place}": endings[choice] for place, choice in enumerate(order)}
        made.append(row | {"label": order.index(0)})
    return made
