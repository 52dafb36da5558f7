/// Zip archives whose files are not packed, as far as `torch.save` writes them.
enum StoredZip {
    struct Entry {
        var name: [UInt8]
        var content: [UInt8]
    }

    /// The files of an archive in the order of its list; `nil` where it is none, or holds packed ones.
    static func entries(_ bytes: [UInt8]) -> [Entry]? {
        func number(_ place: Int, _ width: Int) -> Int? {
            guard place >= 0, place + width <= bytes.count else { return nil }
            return (0..<width).reduce(0) { $0 | Int(bytes[place + $1]) << ($1 * 8) }
        }
        func slice(_ start: Int, _ count: Int) -> [UInt8]? {
            guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else { return nil }
            return Array(bytes[start..<(start + count)])
        }
        guard bytes.count >= 22,
            let end = stride(from: bytes.count - 22, through: max(0, bytes.count - 66_000), by: -1).first(where: {
                number($0, 4) == 0x0605_4B50
            }), let count = number(end + 10, 2), var place = number(end + 16, 4)
        else { return nil }
        var found: [Entry] = []
        for _ in 0..<count {
            guard number(place, 4) == 0x0201_4B50, number(place + 10, 2) == 0, let size = number(place + 20, 4),
                let nameLength = number(place + 28, 2), let extra = number(place + 30, 2), let comment = number(place + 32, 2),
                let local = number(place + 42, 4), let localName = number(local + 26, 2), let localExtra = number(local + 28, 2),
                let name = slice(place + 46, nameLength), let content = slice(local + 30 + localName + localExtra, size)
            else { return nil }
            found.append(Entry(name: name, content: content))
            place += 46 + nameLength + extra + comment
        }
        return found
    }

    static func archive(_ entries: [Entry]) -> [UInt8] {
        var (body, list): ([UInt8], [UInt8]) = ([], [])
        func little(_ number: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
        for entry in entries {
            let sum = Int(crc32(entry.content))
            let about = little(0, 2) + little(0, 2) + little(0, 4) + little(sum, 4) + little(entry.content.count, 4)
                + little(entry.content.count, 4) + little(entry.name.count, 2)
            list += little(0x0201_4B50, 4) + little(0, 2) + little(0, 2) + about + little(0, 2) + little(0, 2)
                + little(0, 2) + little(0, 2) + little(0, 4) + little(body.count, 4) + entry.name
            body += little(0x0403_4B50, 4) + little(0, 2) + about + little(0, 2) + entry.name + entry.content
        }
        let end = little(0x0605_4B50, 4) + little(0, 4) + little(entries.count, 2) + little(entries.count, 2)
            + little(list.count, 4) + little(body.count, 4) + little(0, 2)
        return body + list + end
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
