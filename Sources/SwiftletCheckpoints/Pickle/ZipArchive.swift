import SwiftletIO

/// The entries of a ZIP file that are stored as they are, without compression. Sizes above 4 GB are in the format's
/// 64-bit fields.
struct ZipArchive {
    /// Where each entry's bytes lie in the file.
    private(set) var entries: [TextKey: Range<Int>] = [:]
    private let bytes: UnsafeRawBufferPointer
    private let path: String

    /// - Throws: `PickleError` for a file that is cut off or whose fields lead out of it.
    init(_ file: MappedFile) throws(PickleError) {
        bytes = file.bytes
        path = file.path
        var (position, count) = try directory()
        for _ in 0..<count {
            let entry = try self.entry(at: &position)
            guard entries.updateValue(entry.range, forKey: TextKey(entry.name)) == nil else {
                throw problem("has two entries named '\(entry.name)'")
            }
        }
    }

    /// Where the list of entries begins, and how long it is. The file's end tells.
    private func directory() throws(PickleError) -> (start: Int, count: Int) {
        let length = 22
        guard bytes.count >= length else { throw problem("has \(bytes.count) bytes, too few for a ZIP file") }
        // A comment of up to 65535 bytes may follow.
        let earliest = max(0, bytes.count - length - 0xFFFF)
        var end = bytes.count - length
        while try number(4, at: end) != 0x0605_4B50 {
            guard end > earliest else { throw problem("has no ZIP directory at its end") }
            end -= 1
        }
        let (count, start) = (try number(2, at: end + 10), try number(4, at: end + 16))
        guard count == 0xFFFF || start == 0xFFFF_FFFF else { return (start, count) }
        guard end >= 20, try number(4, at: end - 20) == 0x0706_4B50 else { return (start, count) }
        let large = try number(8, at: end - 12)
        guard try number(4, at: large) == 0x0606_4B50 else { throw problem("has a damaged ZIP directory") }
        return (try number(8, at: large + 48), try number(8, at: large + 32))
    }

    private func entry(at position: inout Int) throws(PickleError) -> (name: String, range: Range<Int>) {
        guard try number(4, at: position) == 0x0201_4B50 else { throw problem("has a damaged ZIP directory") }
        let (flags, method) = (try number(2, at: position + 8), try number(2, at: position + 10))
        var (packed, size) = (try number(4, at: position + 20), try number(4, at: position + 24))
        let (nameLength, extraLength) = (try number(2, at: position + 28), try number(2, at: position + 30))
        let commentLength = try number(2, at: position + 32)
        var header = try number(4, at: position + 42)
        let nameStart = position + 46
        let name = String(decoding: try range(nameStart, nameLength), as: UTF8.self)
        // What does not fit in 32 bits stands in an extra field, in this order.
        var extra = nameStart + nameLength
        let extraEnd = extra + extraLength
        while extra + 4 <= extraEnd {
            let (kind, length) = (try number(2, at: extra), try number(2, at: extra + 2))
            var offset = extra + 4
            let end = offset + length
            if kind == 1 {
                for keyPath in [\Sizes.size, \Sizes.packed, \Sizes.header] {
                    var sizes = Sizes(size: size, packed: packed, header: header)
                    guard sizes[keyPath: keyPath] == 0xFFFF_FFFF, offset + 8 <= end else { continue }
                    sizes[keyPath: keyPath] = try number(8, at: offset)
                    (size, packed, header) = (sizes.size, sizes.packed, sizes.header)
                    offset += 8
                }
            }
            extra = end
        }
        position = extraEnd + commentLength
        guard method == 0, packed == size, flags & 1 == 0 else {
            throw problem("holds '\(name)' compressed or encrypted; torch.save stores entries as they are")
        }
        // The entry's own header repeats the name, and may have extra fields of another length.
        guard try number(4, at: header) == 0x0403_4B50 else { throw problem("has no entry where '\(name)' should be") }
        let start = header + 30 + (try number(2, at: header + 26)) + (try number(2, at: header + 28))
        _ = try range(start, size)
        return (name, start..<start + size)
    }

    private struct Sizes {
        var size, packed, header: Int
    }

    private func range(_ start: Int, _ count: Int) throws(PickleError) -> UnsafeRawBufferPointer {
        guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else {
            throw problem(
                "ends before byte \(start.addingReportingOverflow(count).partialValue), which its ZIP directory names")
        }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    }

    /// A little-endian number.
    private func number(_ count: Int, at start: Int) throws(PickleError) -> Int {
        var value: UInt64 = 0
        for (index, byte) in try range(start, count).enumerated() { value |= UInt64(byte) << (8 * index) }
        // No file has more bytes than this, so anything that large is damage.
        guard value < 1 << 62 else { throw problem("has a damaged ZIP directory") }
        return Int(value)
    }

    private func problem(_ text: String) -> PickleError {
        PickleError(path: path, problem: text, remedy: PickleError.getAgain, kind: .damaged)
    }
}
