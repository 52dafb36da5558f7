internal import SwiftletIO

/// The table of contents of a zip archive (PKWARE's APPNOTE 6.3, with the 64-bit fields).
enum ZipArchive {
    struct Member {
        var name: String
        var isDeflated: Bool
        /// Where the packed bytes begin in the archive, and how many there are.
        var offset: Int
        var packedSize: Int
        var size: Int
        var checksum: UInt32
    }

    /// - Throws: `DatasetError` for what is no zip archive, is encrypted, or is packed in another way than the usual one.
    static func members(of path: String) throws -> [Member] {
        let file = try MappedFile(path)
        return try withExtendedLifetime(file) { try members(Bytes(bytes: file.bytes, path: path)) }
    }

    private struct Bytes {
        let bytes: UnsafeRawBufferPointer
        let path: String

        func damaged() -> DatasetError {
            DatasetError(
                "'\(path)' is no whole zip archive", remedy: "The file may be damaged or cut off; get it again.",
                kind: .malformed, at: ErrorLocation(path: path))
        }

        /// A little-endian number of so many bytes.
        func number(_ place: Int, _ count: Int) throws -> Int {
            guard place >= 0, count <= bytes.count, place <= bytes.count - count else { throw damaged() }
            var value: UInt64 = 0
            for index in (0..<count).reversed() { value = value << 8 | UInt64(bytes[place + index]) }
            guard let result = Int(exactly: value) else { throw damaged() }
            return result
        }

        func range(_ place: Int, _ count: Int) throws -> UnsafeRawBufferPointer {
            guard place >= 0, count >= 0, count <= bytes.count, place <= bytes.count - count else { throw damaged() }
            return UnsafeRawBufferPointer(rebasing: bytes[place..<place + count])
        }
    }

    private static func members(_ archive: Bytes) throws -> [Member] {
        // The end of the archive names the table; a comment of up to 64 kB may follow it.
        let count = archive.bytes.count
        guard count >= 22 else { throw archive.damaged() }
        var end = count - 22
        while try archive.number(end, 4) != 0x0605_4B50 {
            guard end > 0, count - end < 22 + 65_535 else { throw archive.damaged() }
            end -= 1
        }
        var total = try archive.number(end + 10, 2)
        var place = try archive.number(end + 16, 4)
        if total == 0xFFFF || place == 0xFFFF_FFFF, end >= 20, try archive.number(end - 20, 4) == 0x0706_4B50 {
            let large = try archive.number(end - 12, 8)
            guard try archive.number(large, 4) == 0x0606_4B50 else { throw archive.damaged() }
            total = try archive.number(large + 32, 8)
            place = try archive.number(large + 48, 8)
        }
        guard total <= count / 46 else { throw archive.damaged() }
        var members: [Member] = []
        for _ in 0..<total {
            guard try archive.number(place, 4) == 0x0201_4B50 else { throw archive.damaged() }
            let nameCount = try archive.number(place + 28, 2)
            let extraCount = try archive.number(place + 30, 2)
            let commentCount = try archive.number(place + 32, 2)
            let name = String(decoding: try archive.range(place + 46, nameCount), as: UTF8.self)
            var member = Member(
                name: name, isDeflated: true, offset: try archive.number(place + 42, 4),
                packedSize: try archive.number(place + 20, 4), size: try archive.number(place + 24, 4),
                checksum: UInt32(truncatingIfNeeded: try archive.number(place + 16, 4)))
            try readLarge(&member, archive, place + 46 + nameCount, extraCount)
            let flags = try archive.number(place + 8, 2)
            let method = try archive.number(place + 10, 2)
            guard flags & 1 == 0 else {
                throw DatasetError(
                    "'\(name)' in '\(archive.path)' is encrypted", remedy: "Unpack it with its password first.",
                    kind: .unsupported, at: ErrorLocation(path: archive.path))
            }
            guard method == 0 || method == 8 else {
                throw DatasetError(
                    "'\(name)' in '\(archive.path)' is packed by method \(method) of zip",
                    remedy: "Unpack it with unzip first.",
                    kind: .unsupported, at: ErrorLocation(path: archive.path))
            }
            member.isDeflated = method == 8
            // The member's own header has a name and extra fields of other lengths.
            guard try archive.number(member.offset, 4) == 0x0403_4B50 else { throw archive.damaged() }
            member.offset +=
                30 + (try archive.number(member.offset + 26, 2)) + (try archive.number(member.offset + 28, 2))
            _ = try archive.range(member.offset, member.packedSize)
            if !member.isDeflated, member.packedSize != member.size { throw archive.damaged() }
            members.append(member)
            place += 46 + nameCount + extraCount + commentCount
        }
        return members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The sizes and the place of a member beyond 4 GB, which are in an extra field in this order.
    private static func readLarge(_ member: inout Member, _ archive: Bytes, _ start: Int, _ count: Int) throws {
        var place = start
        while place + 4 <= start + count {
            let kind = try archive.number(place, 2)
            let size = try archive.number(place + 2, 2)
            place += 4
            if kind == 1 {
                var next = place
                func take(_ value: Int) throws -> Int {
                    guard value == 0xFFFF_FFFF, next + 8 <= place + size else { return value }
                    defer { next += 8 }
                    return try archive.number(next, 8)
                }
                member.size = try take(member.size)
                member.packedSize = try take(member.packedSize)
                member.offset = try take(member.offset)
            }
            place += size
        }
    }
}
