import Swiftlet
import SwiftletCommandLine
import SwiftletIO
import Yams

/// A file of options as keys, JSON or YAML, as Python's `HfArgumentParser` takes it:
///
///     model_name_or_path: bert-base-uncased
///     num_train_epochs: 3
struct ArgumentsFile {
    let options: [GivenOption]

    static func isOne(_ word: String) -> Bool { [".json", ".yaml", ".yml"].contains { word.hasSuffix($0) } }

    /// - Throws: `UsageError` that names the file and the key.
    init(_ path: String) throws {
        let full = FileSystem.expandingTilde(path)
        guard FileSystem.isRegularFile(full) else {
            throw UsageError(message: "error: there is no file of options '\(path)'", remedy: "Check the path.")
        }
        guard try FileSystem.size(of: full) <= Self.largest else {
            throw UsageError(message: "error: '\(path)' is no file of options: it is larger than 64 kB")
        }
        let value = path.hasSuffix(".json") ? try JSONValue(contentsOf: full) : try Self.yaml(full, path)
        guard let object = value.object else {
            throw UsageError(
                message: "error: '\(path)' holds \(value.kind)",
                remedy: "It must hold options and their values: {\"learning_rate\": 2e-5}")
        }
        options = object.map { GivenOption(key: $0, $1) }.map { option in
            var option = option
            option.file = path
            return option
        }
    }

    private static let largest = 1 << 16
    private static let deepest = 64

    private static func yaml(_ path: String, _ title: String) throws -> JSONValue {
        let text = try MappedFile.text(path)
        // The parser recurses; so does what follows. Nothing that options need is nested so deeply.
        let brackets = text.utf8.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
        let marks = text.split(separator: "\n").map { line in
            line.utf8.prefix { " -?".utf8.contains($0) }.count { $0 != UInt8(ascii: " ") }
        }
        guard brackets <= 1024, marks.max() ?? 0 <= deepest, !text.utf8.contains(UInt8(ascii: "\0")) else {
            throw UsageError(message: "error: '\(title)' is no file of options: it is nested too deeply")
        }
        do {
            guard let node = try compose(yaml: text) else { return [:] }
            var budget = 10_000
            return try json(node, title, depth: 0, &budget)
        } catch let error as YamlError {
            throw UsageError(message: "error: '\(title)' is broken YAML: \(error)", remedy: "Correct it there.")
        }
    }

    private static func json(_ node: Node, _ title: String, depth: Int, _ budget: inout Int) throws -> JSONValue {
        budget -= 1
        guard depth <= deepest, budget > 0 else {
            throw UsageError(message: "error: '\(title)' is no file of options: it is too large or nested too deeply")
        }
        switch node {
        case .scalar(let scalar): return value(scalar)
        case .sequence(let elements):
            var values: [JSONValue] = []
            for element in elements { values.append(try json(element, title, depth: depth + 1, &budget)) }
            return .array(values)
        case .mapping(let mapping):
            var object: JSONObject = [:]
            for (key, element) in mapping {
                guard let name = key.scalar?.string, object[name] == nil else {
                    throw UsageError(
                        message: "error: '\(title)' has '\(key.string ?? "a key")' twice, or a key that is no text")
                }
                object[name] = try json(element, title, depth: depth + 1, &budget)
            }
            return .object(object)
        case .alias:
            throw UsageError(
                message: "error: '\(title)' refers to another place with '*'", remedy: "Write the value out.")
        }
    }

    /// Plain scalars as YAML 1.1 reads them, but for two that would be mistakes: `5e-5` is a number, and `no` a word,
    /// which a flag takes for false, and `eval_strategy` for what it says.
    private static func value(_ scalar: Node.Scalar) -> JSONValue {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "on", "On", "ON": return true
        case "false", "False", "FALSE", "off", "Off", "OFF": return false
        default: break
        }
        if let number = Int(text) { return .int(number) }
        if let number = Double(text), number.isFinite { return .double(number) }
        return .string(text)
    }
}
