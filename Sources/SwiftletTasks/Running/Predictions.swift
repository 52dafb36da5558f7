public import SwiftletDatasets
public import SwiftletIO

/// Answers for rows, and the files that they are written to.
public enum Predictions {
    /// Answers with the columns of their rows before them. A column with the name of an answer's part gets `input_` before
    /// its name.
    package static func join(_ answers: [JSONObject], _ rows: Dataset) -> [JSONObject] {
        var own = [JSONObject?](repeating: nil, count: answers.count)
        if answers.count == rows.numRows {
            own = answers.indices.map { try? JSONValue(parsing: rows.jsonLine($0)).object }
        }
        var taken: Set<TextKey> = ["index"]
        for (answer, own) in zip(answers, own) {
            // A column that the answer repeats, as the words of a sentence, is there once.
            for (name, value) in answer where own?[name] != value { taken.insert(TextKey(name)) }
            for name in scoreNames(answer) { taken.insert(TextKey(name)) }
        }
        let names = names(of: rows.columnNames, besides: taken)
        return zip(answers, own).enumerated().map { index, pair in
            var joined: JSONObject = ["index": .int(index)]
            for (name, value) in pair.1 ?? [:] { joined[names[TextKey(name)] ?? name] = value }
            for (name, value) in pair.0 { joined[name] = value }
            return joined
        }
    }

    /// Names for the columns of rows that are not `taken`: those that are get `input_` before them, as often as it takes.
    static func names(of columns: [String], besides taken: Set<TextKey>) -> [TextKey: String] {
        var taken = taken
        var names: [TextKey: String] = [:]
        let own = Set(columns.map { TextKey($0) })
        for column in columns {
            var name = column
            while taken.contains(TextKey(name)) || name != column && own.contains(TextKey(name)) {
                name = "input_\(name)"
            }
            taken.insert(TextKey(name))
            names[TextKey(column)] = name
        }
        return names
    }

    /// The columns that the probabilities of an answer have in a table.
    private static func scoreNames(_ answer: JSONObject) -> [String] {
        (answer["probabilities"]?.object ?? [:]).map { name, _ in "probability_\(name)" }
    }

    /// Writes answers in the format of the file's ending: `.jsonl`, `.json`, `.csv`, `.tsv` or `.parquet`. Tables have a
    /// column for the probability of each label, `probability_<label>`.
    ///
    /// - Parameter columns: that a table without rows has.
    /// - Throws: `TaskError` for another ending; `FileError`.
    public static func write(_ answers: [JSONObject], to path: String, columns: [String] = []) throws {
        switch try Format(path) {
        case .jsonLines:
            try AtomicFile.write(answers.map { line($0) + "\n" }.joined(), to: path)
        case .json:
            try AtomicFile.write(
                JSONValue.array(answers.map { .object($0) }).text(JSONStyle(indent: 2, escapesNonASCII: false)) + "\n",
                to: path)
        case .csv: try table(answers, columns, keepsLists: false).toCSV(path)
        case .tsv: try table(answers, columns, keepsLists: false).toCSV(path, separator: "\t")
        case .parquet: try table(answers, columns, keepsLists: true).toParquet(path)
        }
    }

    /// Finds out whether answers can be written to a path, before the work that they take.
    ///
    /// - Throws: `TaskError` for another ending or a folder; `FileError` where no file can be made.
    public static func check(_ path: String) throws {
        _ = try Format(path)
        guard !FileSystem.isDirectory(path) else {
            throw TaskError(.option, "'\(path)' is a folder, and answers are a file", remedy: "Name a file in it.")
        }
        // A pipe is opened once only: its reader takes the end for the end of the answers.
        if FileSystem.exists(path), !FileSystem.isRegularFile(path) { return }
        _ = try AtomicFile(path)
    }

    /// One answer as a line of JSON, without a line break.
    public static func line(_ answer: JSONObject) -> String { JSONValue.object(answer).text(.line) }

    /// Formats of files with answers.
    public enum Format: String, CaseIterable, Sendable {
        /// An object a line.
        case jsonLines = "jsonl"
        /// A list of objects.
        case json
        /// Fields with commas between them, and a header.
        case csv
        /// Fields with tabs between them, and a header.
        case tsv
        /// A Parquet file with the same columns.
        case parquet

        /// - Throws: `TaskError` for a file with another ending.
        public init(_ path: String) throws {
            let name = FileSystem.name(of: path)
            let ending =
                name.split(separator: ".").count > 1 ? name.split(separator: ".").last.map { $0.lowercased() } : nil
            // A file of no known kind has lines, as every version had.
            guard let ending else {
                self = .jsonLines
                return
            }
            guard let format = Format(rawValue: ending) else {
                throw TaskError(
                    .option, "'\(path)' ends in .\(ending), which answers are not written as",
                    remedy: "The endings are \(Self.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")).")
            }
            self = format
        }
    }

    /// - Parameter keepsLists: text tables leave out the logits, which are a list.
    private static func table(_ answers: [JSONObject], _ names: [String], keepsLists: Bool) throws -> Dataset {
        if answers.isEmpty { return try .fromColumns(names.map { ($0, .ints([])) }) }
        var columns: [(name: String, values: [Value])] = []
        var places: [TextKey: Int] = [:]
        for (row, answer) in answers.enumerated() {
            for (name, value) in flat(answer, keepsLists: keepsLists) {
                let key = TextKey(name)
                if places[key] == nil {
                    places[key] = columns.count
                    columns.append((name, [Value](repeating: .null, count: answers.count)))
                }
                if let place = places[key] { columns[place].values[row] = value }
            }
        }
        let data = columns.map { ($0.name, ColumnData.values($0.values)) }
        if let whole = try? Dataset.fromColumns(data) { return whole }
        // Values of several kinds, which a column of JSON may have, stay JSON.
        let features = data.map { column in
            (column.0, (try? Dataset.fromColumns([column]))?.features.types.first ?? .json)
        }
        return try .fromColumns(data, features: Features(features))
    }

    private static func flat(_ answer: JSONObject, keepsLists: Bool) -> [(String, Value)] {
        answer.flatMap { name, value -> [(String, Value)] in
            if name == "probabilities", let scores = value.object {
                return scores.map { ("probability_\($0)", Value(json: $1)) }
            }
            if name == "logits", !keepsLists { return [] }
            if !keepsLists, value.array != nil || value.object != nil { return [(name, .string(value.text()))] }
            return [(name, Value(json: value))]
        }
    }
}

extension Value {
    /// A JSON value as a cell.
    public init(json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array(let values): self = .list(values.map { Value(json: $0) })
        case .object(let object): self = .structure(Row(object.map { ($0, Value(json: $1)) }))
        }
    }
}
