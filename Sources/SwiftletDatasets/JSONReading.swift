internal import CArrowInterface
internal import SwiftletIO

/// Looks for what is wrong in a JSON file that Arrow can't take: its own messages count pieces, not lines.
enum JSONReading {
    static func diagnosis(_ source: FileSource, _ options: FileOptions) -> DatasetError? {
        var handle: OpaquePointer?
        let status = source.with(encoding: options.encoding) { file in
            options.withJSON(texts: []) { carrow_json_open(file, $0, &handle) }
        }
        guard status == 0, let handle else { return nil }
        defer { carrow_json_release(handle) }
        let unit = carrow_json_is_list(handle) ? "row" : "line"
        var kinds: [TextKey: (kind: String, line: Int)] = [:]
        var (text, ends, numbers): (UnsafePointer<CChar>?, UnsafePointer<Int64>?, UnsafePointer<Int64>?)
        var count: Int64 = 0
        while carrow_json_next(handle, &text, &ends, &numbers, &count) == 0, count > 0, let text, let ends, let numbers
        {
            var start = 0
            for index in 0..<Int(count) {
                let row = UnsafeRawBufferPointer(start: text + start, count: Int(ends[index]) - start)
                start = Int(ends[index])
                if let error = problem(row, unit, Int(numbers[index]), &kinds) { return error }
            }
        }
        return nil
    }

    private static func problem(
        _ row: UnsafeRawBufferPointer, _ unit: String, _ number: Int,
        _ kinds: inout [TextKey: (kind: String, line: Int)]
    ) -> DatasetError? {
        do {
            let value = try JSONValue(parsing: row)
            guard let change = change(value, at: "", number, &kinds) else { return nil }
            return DatasetError(
                "\(unit) \(number): '\(change.path)' is \(change.now), in \(unit) \(change.line) it is \(change.before)",
                remedy: "Make all values of the key of one type.", kind: .wrongType,
                at: ErrorLocation(line: unit == "line" ? number : nil, key: change.path))
        } catch {
            // A row may go over several lines, of which this is the first.
            let place = error.line > 1 ? ", its line \(error.line)" : ""
            return DatasetError(
                "\(unit) \(number)\(place), column \(error.column): \(error.problem)",
                remedy: unit == "line" ? "Put one whole object on each line." : "Give a list of whole objects.",
                kind: .malformed,
                at: ErrorLocation(line: unit == "line" ? number : nil))
        }
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
}

extension FileOptions {
    /// Calls the bridge with the options of a JSON file.
    ///
    /// - Parameter texts: keys whose values are text, also where they look like times.
    func withJSON<Result>(
        texts: [String], _ body: (UnsafePointer<carrow_json_options>) throws -> Result
    ) rethrows -> Result {
        try withCStrings([field ?? ""] + texts) { strings in
            var options = carrow_json_options()
            options.field = field == nil ? nil : strings[0]
            options.texts = texts.isEmpty ? nil : strings + 1
            options.text_count = Int64(texts.count)
            return try body(&options)
        }
    }

    /// Calls the bridge with the options of delimited text.
    ///
    /// - Parameter types: columns that have a type whatever their values are.
    func withCSV<Result>(
        delimiter: Character, types: [(name: String, type: String)],
        _ body: (UnsafePointer<carrow_csv_options>) throws -> Result
    ) rethrows -> Result {
        let names = columnNames ?? []
        let chosen = columns ?? []
        return try withCStrings(names + chosen + types.map(\.name) + types.map(\.type)) { strings in
            var options = carrow_csv_options()
            options.delimiter = CChar(bitPattern: delimiter.asciiValue ?? UInt8(ascii: ","))
            let quote = quoting == Quoting.none ? 0 : (quoteCharacter ?? "\"").asciiValue ?? 0
            options.quote = CChar(bitPattern: quote)
            options.has_header = hasHeader ?? (columnNames == nil)
            options.names = columnNames == nil ? nil : strings
            options.name_count = Int64(names.count)
            options.columns = columns == nil ? nil : strings + names.count
            options.column_count = Int64(chosen.count)
            options.typed = strings + names.count + chosen.count
            options.types = strings + names.count + chosen.count + types.count
            options.type_count = Int64(types.count)
            return try body(&options)
        }
    }
}
