import SwiftletIO

/// Fields that a safetensors header gives twice, which the format's own library refuses: `__metadata__`, and the dtype,
/// shape or place of a tensor. Other names may come twice, and the last one counts.
struct RepeatedFields {
    private static let ofTensors: Set<TextKey> = ["dtype", "shape", "data_offsets"]

    private let bytes: Slice<UnsafeRawBufferPointer>
    private var position: Int

    /// The first field that comes twice, and the tensor it describes; `nil` for the tensor of `__metadata__` itself.
    ///
    /// - Parameter bytes: JSON that was read without an error.
    static func first(in bytes: Slice<UnsafeRawBufferPointer>) -> (tensor: String?, field: String)? {
        var scanner = RepeatedFields(bytes: bytes, position: bytes.startIndex)
        return scanner.search()
    }

    private mutating func search() -> (tensor: String?, field: String)? {
        var depth = 0
        var tensor = ""
        var (fields, hasMetadata) = (Set<TextKey>(), false)
        while position < bytes.endIndex {
            switch bytes[position] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let text = string()
                guard depth <= 2, isKey() else { continue }
                if depth == 1 {
                    if text.isSame(as: "__metadata__") {
                        if hasMetadata { return (nil, text) }
                        hasMetadata = true
                    }
                    (tensor, fields) = (text, [])
                } else if !tensor.isSame(as: "__metadata__"), Self.ofTensors.contains(TextKey(text)),
                    !fields.insert(TextKey(text)).inserted
                {
                    return (tensor, text)
                }
                continue
            default: break
            }
            position += 1
        }
        return nil
    }

    /// The string that begins here; goes behind it.
    private mutating func string() -> String {
        let start = position
        position += 1
        while position < bytes.endIndex, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position + 1, bytes.endIndex)
        let quoted = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        return (try? JSONValue(parsing: quoted))?.string ?? ""
    }

    /// Whether a colon follows.
    private func isKey() -> Bool {
        var next = position
        while next < bytes.endIndex, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[next]) { next += 1 }
        return next < bytes.endIndex && bytes[next] == UInt8(ascii: ":")
    }
}
