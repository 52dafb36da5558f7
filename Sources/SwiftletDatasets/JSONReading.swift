internal import CArrow
internal import SwiftletIO

/// JSON Lines, and JSON that is one list, as tables.
enum JSONReading {
    static func table(_ path: String) throws -> ArrowTable {
        let file = try MappedFile(path)
        try Dataset.checkUTF8(file)
        return try withExtendedLifetime(file) { try table(file) }
    }

    private static func table(_ file: MappedFile) throws -> ArrowTable {
        var bytes = UnsafeRawBufferPointer(rebasing: file.bytes[...])
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = UnsafeRawBufferPointer(rebasing: bytes[3...]) }
        guard let first = bytes.first(where: { !isSpace($0) }) else {
            throw DatasetError("the file is empty", remedy: "Put one object on each line.")
        }
        if first == UInt8(ascii: "[") { return try list(bytes) }
        guard first == UInt8(ascii: "{") else {
            throw DatasetError(
                "the file begins with neither an object nor a list", remedy: "Put one object on each line.")
        }
        do {
            return try read(bytes)
        } catch let error as ArrowMessage {
            throw diagnosis(bytes) ?? error
        }
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) throws -> ArrowTable {
        try ArrowTable.reading { carrow_read_json(bytes.baseAddress, Int64(bytes.count), $0) }
    }

    /// One list: of objects, or of texts that become the column `text`.
    private static func list(_ bytes: UnsafeRawBufferPointer) throws -> ArrowTable {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch {
            throw DatasetError(
                "line \(error.line), column \(error.column): \(error.problem)",
                remedy: "The file may be damaged or cut off; get it again.", kind: .malformed,
                at: ErrorLocation(line: error.line))
        }
        var lines = ""
        let rows = json.array ?? []
        for (row, value) in rows.enumerated() {
            switch value {
            case .object: lines += value.text(.line) + "\n"
            case .string: lines += JSONValue.object(["text": value]).text(.line) + "\n"
            default:
                throw DatasetError(
                    "row \(row) is \(value.kind), not an object", remedy: "Give a list of objects.")
            }
        }
        guard !rows.isEmpty else {
            throw DatasetError("the list is empty", remedy: "Give a list of at least one object.")
        }
        do {
            return try lines.withUTF8 { try read(UnsafeRawBufferPointer($0)) }
        } catch let error as ArrowMessage {
            throw lines.withUTF8 { diagnosis(UnsafeRawBufferPointer($0), unit: "row", from: 0) } ?? error
        }
    }

    /// Finds the line that Arrow could not take, for the message: its own counts blocks, not lines.
    private static func diagnosis(
        _ bytes: UnsafeRawBufferPointer, unit: String = "line", from firstNumber: Int = 1
    ) -> DatasetError? {
        var kinds: [TextKey: (kind: String, line: Int)] = [:]
        var number = firstNumber
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            defer { number += 1 }
            if line.allSatisfy(isSpace) { continue }
            do {
                let value = try JSONValue(parsing: UnsafeRawBufferPointer(rebasing: line))
                guard value.object != nil else {
                    return DatasetError(
                        "\(unit) \(number) is \(value.kind), not an object", remedy: "Put one object on each line.")
                }
                if let change = change(value, at: "", number, &kinds) {
                    return DatasetError(
                        "\(unit) \(number): '\(change.path)' is \(change.now), in \(unit) \(change.line) it is \(change.before)",
                        remedy: "Make all values of the key of one type.")
                }
            } catch {
                return DatasetError(
                    "\(unit) \(number), column \(error.column): \(error.problem)",
                    remedy: "Put one whole object on each line.")
            }
        }
        return nil
    }

    private static func change(
        _ value: JSONValue, at path: String, _ line: Int, _ kinds: inout [TextKey: (kind: String, line: Int)]
    ) -> (path: String, before: String, now: String, line: Int)? {
        let kind =
            switch value {
            case .null: ""
            case .int, .double: "a number"
            default: value.kind
            }
        if kind.isEmpty { return nil }
        if let known = kinds[TextKey(path)] {
            if known.kind != kind { return (path, known.kind, kind, known.line) }
        } else {
            kinds[TextKey(path)] = (kind, line)
        }
        switch value {
        case .array(let values):
            for value in values {
                if let change = change(value, at: path + "[]", line, &kinds) { return change }
            }
        case .object(let object):
            for (key, value) in object {
                if let change = change(value, at: path.isEmpty ? key : "\(path).\(key)", line, &kinds) { return change }
            }
        default: break
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
