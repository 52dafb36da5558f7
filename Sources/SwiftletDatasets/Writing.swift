internal import CArrowInterface
internal import SwiftletIO

extension Dataset {
    /// Writes Parquet with the features in its metadata, as Python does. The file appears whole or not at all.
    public func toParquet(_ path: String) throws {
        let table = try table()
        try write(path, table) { metadata, write, context in
            carrow_write_parquet(table.handle, metadata, features.jsonMarks, write, context)
        }
    }

    /// Writes an Arrow stream with the features in its metadata, the format of Python's own files.
    public func toArrow(_ path: String) throws {
        let writer = try ArrowStreamWriter(path, like: stored, features: features)
        for rows in RowRanges(count: count, step: Self.rowsAtOnce) { try writer.write(try table(rows)) }
        try writer.finish()
    }

    /// Rows that are written as one piece.
    static let rowsAtOnce = 1 << 14

    private final class Output {
        let file: AtomicFile
        var failure: FileError?
        init(_ path: String) throws(FileError) { file = try AtomicFile(path) }
    }

    private func write(
        _ path: String, _ table: ArrowTable,
        _ body: (
            _ metadata: String, _ write: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int64) -> Bool,
            _ context: UnsafeMutableRawPointer
        ) -> Int32
    ) throws {
        let output = try Output(path)
        let context = Unmanaged.passUnretained(output).toOpaque()
        let status = withExtendedLifetime((output, table)) {
            body(
                features.metadata,
                { context, bytes, count in
                    let output = Unmanaged<Output>.fromOpaque(context!).takeUnretainedValue()
                    do throws(FileError) {
                        try output.file.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                        return true
                    } catch {
                        output.failure = error
                        return false
                    }
                }, context)
        }
        if let failure = output.failure { throw failure }
        try arrow("write '\(path)'", status)
        try output.file.commit()
    }

    /// Writes CSV with a header, laid out as by Python: quotes only where needed, missing values empty.
    public func toCSV(_ path: String, separator: Character = ",") throws {
        let file = try AtomicFile(path)
        try file.write(columnNames.map { Self.quoted($0, separator) }.joined(separator: String(separator)) + "\n")
        var rows: [[Value]] = []
        func write() throws {
            let styles = columnNames.indices.map { column in TimeStyle(rows.lazy.map { $0[column] }) }
            for values in rows {
                let fields = zip(values, styles).map { value, style in
                    switch value {
                    case .null: ""
                    case .double(let number) where number.isNaN: ""
                    case .string(let text): Self.quoted(text, separator)
                    default: Self.quoted(style.text(of: value), separator)
                    }
                }
                // A lone empty field would be a blank line, which readers skip.
                let line = fields.joined(separator: String(separator))
                try file.write((line.isEmpty ? "\"\"" : line) + "\n")
            }
            rows.removeAll(keepingCapacity: true)
        }
        try eachRow { values in
            rows.append(values)
            if rows.count == TimeStyle.rows { try write() }
        }
        try write()
        try file.commit()
    }

    private static func quoted(_ text: String, _ separator: Character) -> String {
        let needs = text.unicodeScalars.contains {
            $0 == "\"" || $0 == "\n" || $0 == "\r" || separator.unicodeScalars.contains($0)
        }
        guard needs else { return text }
        var output = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { output += "\"" }
            output.unicodeScalars.append(scalar)
        }
        return output + "\""
    }

    /// Writes JSON Lines, laid out as by Python. `NaN` and infinities become `null`.
    public func toJSON(_ path: String) throws {
        let file = try AtomicFile(path)
        try eachRow { values in
            try file.write(jsonObject(values) + "\n")
        }
        try file.commit()
    }

    /// One row as `toJSON` writes it.
    public func jsonLine(_ row: Int) throws -> String {
        var line = ""
        try select(try position(row)..<(try position(row)) + 1).eachRow { values in
            line = jsonObject(values)
        }
        return line
    }

    /// A row as an object of JSON; texts that hold JSON are the values that they hold, as by Python.
    private func jsonObject(_ stored: [Value]) -> String {
        let values = zip(features.types, stored).map { feature, value in
            feature.isEncoded ? feature.decoded(value) : value
        }
        return Self.json(.structure(Row(names: columnNames, values: values)))
    }

    private static func json(_ value: Value) -> String {
        switch value {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return String(value)
        case .unsigned(let value): return String(value)
        case .double(let value): return value.isFinite ? PythonText.of(value) : "null"
        case .string(let text): return json(text)
        case .list(let values): return "[" + values.map(json).joined(separator: ",") + "]"
        case .structure(let row):
            return "{" + row.map { "\(json($0.0)):\(json($0.1))" }.joined(separator: ",") + "}"
        case .timestamp(let microseconds): return String(PythonText.floorDivide(microseconds, 1000))
        case .zonedTimestamp(let microseconds, _), .duration(let microseconds):
            return String(PythonText.floorDivide(microseconds, 1000))
        case .date(let days):
            return days.multipliedReportingOverflow(by: 86_400_000).overflow ? "null" : String(days * 86_400_000)
        case .time(let microseconds):
            return json(PythonText.clock(microseconds, digits: microseconds % 1_000_000 == 0 ? 0 : 6))
        case .decimal(let text): return json(PythonText.plainDecimal(text))
        case .binary(let bytes): return json(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// As by pandas: a slash is escaped, the delete character is not.
    private static func json(_ text: String) -> String {
        let quoted = JSONValue.string(text).text()
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0x7F }) else { return quoted }
        return "\""
            + text.unicodeScalars.map { scalar in
                switch scalar {
                case "/": "\\/"
                case "\u{7F}": "\u{7F}"
                default: String(JSONValue.string(String(scalar)).text().dropFirst().dropLast())
                }
            }.joined() + "\""
    }

    private func eachRow(_ body: ([Value]) throws -> Void) throws {
        let columns = try columnNames.indices.map { try stored.column($0) }
        for number in 0..<count {
            let row = indices?[number] ?? number
            try body(
                columns.map { column in
                    // The shortest digits that give the same 32-bit number.
                    if case .float(bytes: 4) = column.type, case .double(let value) = column.value(row) {
                        return .double(Double(Float(value).description) ?? value)
                    }
                    return column.value(row)
                })
        }
    }
}
