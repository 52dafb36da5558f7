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
            var number = 0
            for index in (0..<width).reversed() { number = number << 8 | Int(bytes[place + index]) }
            return number
        }
        func slice(_ start: Int, _ count: Int) -> [UInt8]? {
            guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else { return nil }
            return Array(bytes[start..<(start + count)])
        }
        guard bytes.count >= 22 else { return nil }
        let ends = stride(from: bytes.count - 22, through: max(0, bytes.count - 66_000), by: -1)
        guard let end = ends.first(where: { number($0, 4) == 0x0605_4B50 }), let count = number(end + 10, 2),
            var place = number(end + 16, 4)
        else { return nil }
        var found: [Entry] = []
        for _ in 0..<count {
            guard number(place, 4) == 0x0201_4B50, number(place + 10, 2) == 0, let size = number(place + 20, 4),
                let nameLength = number(place + 28, 2), let extra = number(place + 30, 2),
                let comment = number(place + 32, 2),
                let local = number(place + 42, 4), let localName = number(local + 26, 2),
                let localExtra = number(local + 28, 2),
                let name = slice(place + 46, nameLength), let content = slice(local + 30 + localName + localExtra, size)
            else { return nil }
            found.append(Entry(name: name, content: content))
            place += 46 + nameLength + extra + comment
        }
        return found
    }

    static func archive(_ entries: [Entry]) -> [UInt8] {
        var body: [UInt8] = []
        var list: [UInt8] = []
        /// Numbers with their widths in bytes, the lowest byte first.
        func record(_ fields: [(number: Int, width: Int)]) -> [UInt8] {
            fields.flatMap { field in (0..<field.width).map { UInt8(truncatingIfNeeded: field.number >> ($0 * 8)) } }
        }
        for entry in entries {
            let size = entry.content.count
            let about = record([
                (0, 2), (0, 2), (0, 4), (Int(crc32(entry.content)), 4), (size, 4), (size, 4), (entry.name.count, 2),
                (0, 2),
            ])
            list += record([(0x0201_4B50, 4), (0, 2), (0, 2)])
            list += about
            list += record([(0, 2), (0, 2), (0, 2), (0, 4), (body.count, 4)])
            list += entry.name
            body += record([(0x0403_4B50, 4), (0, 2)])
            body += about
            body += entry.name
            body += entry.content
        }
        let end = record([
            (0x0605_4B50, 4), (0, 4), (entries.count, 2), (entries.count, 2), (list.count, 4), (body.count, 4), (0, 2),
        ])
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
