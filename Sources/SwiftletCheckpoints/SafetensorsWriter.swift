public import SwiftletIO
public import SwiftletTensor

/// Writing safetensors files.
public enum Safetensors {
    /// Writes tensors of any device and layout so that a reader sees the old file or the new, never a part.
    ///
    /// The bytes are those that the format's own library writes: tensors by falling alignment and then by name, the
    /// header padded with spaces to a multiple of 8.
    ///
    /// - Throws: `FileError` if the file can't be written, `SafetensorsError` for names that clash.
    public static func write(
        _ tensors: [(String, Tensor)], metadata: [TextKey: String] = ["format": "pt"], to path: String
    ) throws {
        var seen: Set<TextKey> = []
        for (name, _) in tensors where name == "__metadata__" || !seen.insert(TextKey(name)).inserted {
            throw SafetensorsError(
                path: path, key: name, problem: name == "__metadata__" ? "is a reserved name" : "is given twice",
                remedy: "Give each tensor a name of its own.", kind: .invalidArgument)
        }
        let sorted = tensors.map { (name: $0.0, tensor: $0.1, rank: rank($0.1.dtype)) }.sorted {
            // By UTF-8, as Rust compares strings.
            $0.rank == $1.rank ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : $0.rank > $1.rank
        }

        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key.text)):\(quoted($0.value))" }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for (name, tensor, _) in sorted {
            let end = offset + tensor.count * tensor.dtype.byteCount
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(quoted(name)):{\"dtype\":\"\(tensor.dtype.safetensorsName)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var header = "{\(fields.joined(separator: ","))}"
        header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)

        let file = try AtomicFile(path)
        try Swift.withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { try file.write($0) }
        try file.write(header)
        for (_, tensor, _) in sorted {
            // One dense copy at a time: a GPU's model needs no second model's memory here.
            try tensor.withUnsafeBytes { try file.write($0) }
        }
        try file.commit()
    }

    /// The order of element types in the format's library.
    private static func rank(_ dtype: DType) -> Int {
        switch dtype {
        case .bool: 0
        case .uint8: 1
        case .int8: 2
        case .int16: 3
        case .float16: 4
        case .bfloat16: 5
        case .int32: 6
        case .float32: 7
        case .float64: 8
        case .int64: 9
        }
    }

    private static func quoted(_ text: String) -> String {
        JSONValue.string(text).text(JSONStyle(escapesNonASCII: false))
    }
}
