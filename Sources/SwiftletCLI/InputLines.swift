import Swiftlet
import SwiftletCommandLine
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The rows of standard input, as they come: plain texts with a tab before the second text of a pair, or JSON objects.
struct InputLines {
    private let batchSize: Int
    private var input = StandardInput()
    private var number: Int { input.number }
    private var isAtEnd = false
    /// The keys of the first row: the columns of all.
    private var keys: [String] = []
    /// What the values of each key are.
    private var kinds: [TextKey: String] = [:]
    /// What is wrong with a line that others before it were read with: they are answered first.
    private var failure: TaskError?

    init(batchSize: Int) { self.batchSize = batchSize }

    /// Waits for a row, and takes with it those that are there already: a batch at most. All have the columns of the first
    /// row, and null where they leave one out.
    ///
    /// - Returns: `nil` at the end.
    /// - Throws: `TaskError` that names the line.
    mutating func next(limit: Int?) throws -> Dataset? {
        if let failure { throw failure }
        var rows: [JSONObject] = []
        while !isAtEnd, rows.count < min(batchSize, limit ?? .max) {
            // What has been read ahead of the lines is the standard library's, so this waits a little too often, not too seldom.
            if !rows.isEmpty, !hasMore { break }
            guard let line = try input.nextLine() else {
                isAtEnd = true
                break
            }
            if line.allSatisfy(\.isWhitespace) { continue }
            do { rows.append(try checked(try row(line))) } catch let error as TaskError {
                guard !rows.isEmpty else { throw error }
                failure = error
                break
            }
        }
        guard !rows.isEmpty else { return nil }
        return try .fromColumns(
            keys.map { key in (key, .values(rows.map { Value(json: $0[key] ?? .null) })) })
    }

    /// The columns that are read must be the same in all rows, however these come in batches.
    private mutating func checked(_ row: JSONObject) throws -> JSONObject {
        if keys.isEmpty { keys = row.keys }
        let (first, own) = (Set(keys.map { TextKey($0) }), Set(row.keys.map { TextKey($0) }))
        let isText: (TextKey) -> Bool = { $0 == "text" || $0 == "text_pair" }
        guard own.isSubset(of: first), first.subtracting(own).allSatisfy({ !isText($0) }) else {
            throw error(
                "has the keys \(row.keys.joined(separator: ", ")), and the first row has \(keys.joined(separator: ", "))"
            )
        }
        for (key, value) in row {
            guard let kind = Self.kind(value) else { continue }
            let before = kinds[TextKey(key), default: kind]
            guard kind == before else {
                throw error("has \(kind) under '\(key.shown())', and the rows before have \(before)")
            }
            kinds[TextKey(key)] = kind
        }
        return row
    }

    private static func kind(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .bool: "a boolean"
        case .int, .double: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }

    private func row(_ line: String) throws -> JSONObject {
        guard line.first(where: { !$0.isWhitespace }) == "{" else {
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return parts.count == 1
                ? ["text": .string(line)] : ["text": .string(parts[0]), "text_pair": .string(parts[1])]
        }
        let value: JSONValue
        do { value = try JSONValue(parsing: line) } catch { throw self.error("\(error)") }
        guard let object = value.object, !object.keys.isEmpty else { throw error("is no row") }
        return object
    }

    private func error(_ problem: String) -> TaskError {
        TaskError(
            .column, "line \(number) of standard input \(problem)",
            remedy: #"Each line is a text, or an object such as {"text": "...", "text_pair": "..."}."#)
    }

    /// Whether standard input has something to read right now, or is at its end.
    private var hasMore: Bool {
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&input, 1, 0) > 0
    }
}
