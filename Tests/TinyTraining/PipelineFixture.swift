public import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport
public import Testing

/// Calls of one pipeline with what Python answers: a group of `Tests/Fixtures/pipelines/expected.json`, which
/// `Tools/reference/pipelines.py` made.
public struct PipelineGroup: Sendable, CustomTestStringConvertible {
    public let json: JSONValue
    public let number: Int

    public static let all: [PipelineGroup] = {
        let groups = (try? JSONValue(contentsOf: Locations.fixture("pipelines/expected.json")))?["groups"]?.array ?? []
        return groups.enumerated().map { PipelineGroup(json: $1, number: $0) }
    }()

    /// The first group of a task with a model.
    public static func first(_ task: String, _ model: String = "pipelines/models/words") throws -> PipelineGroup {
        try #require(all.first { $0.json["task"]?.string == task && $0.json["model"]?.string == model })
    }

    public func string(_ key: String) throws -> String { try #require(json[key]?.string, "\(key)") }

    public var testDescription: String {
        "\(number): \(json["task"]?.string ?? "") with \(json["model"]?.string ?? ""), \(json["head"]?.string ?? "")"
    }

    /// Writes the model's folder as Python saves it.
    ///
    /// - Parameter config: further keys of `config.json`.
    public func write(to folder: String, config more: JSONObject = [:]) throws {
        let source = Locations.fixture(try string("model"))
        let weights = try SafetensorsFile(
            ["weights", "fixture"].map { "\(source)/\($0).safetensors" }.first { FileSystem.exists($0) } ?? source)
        let tasks = try JSONValue(contentsOf: "\(source)/tasks.json")
        let head = try string("head")
        func names(_ task: String, _ key: String) -> [String] { tasks[task]?[key]?.array?.compactMap(\.string) ?? [] }
        let without = Set(names(head, "without"))
        var tensors = try names("encoder", "names").filter { !without.contains($0) }
            .map { ($0, try weights.tensor("encoder/\($0)")) }
        tensors += try names(head, "head").map { ($0, try weights.tensor("\(head)/\($0)")) }
        try FileSystem.createDirectory(folder)
        try Safetensors.write(tensors, to: "\(folder)/model.safetensors")

        var config = try #require(try JSONValue(contentsOf: "\(source)/config.json").object)
        for object in [json["config"]?.object ?? [:], more] {
            for (key, value) in zip(object.keys, object.values) { config[key] = value }
        }
        try AtomicFile.write(JSONValue.object(config).text(.config), to: "\(folder)/config.json")
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            let text = try JSONValue(contentsOf: Locations.fixture("\(try string("tokenizer"))/\(name)")).text()
            try AtomicFile.write(text, to: "\(folder)/\(name)")
        }
        let files = json["files"]?.object ?? [:]
        for (name, content) in zip(files.keys, files.values) {
            try FileSystem.createDirectory(FileSystem.parent(of: "\(folder)/\(name)"))
            try AtomicFile.write(content.text(), to: "\(folder)/\(name)")
        }
        let others = json["weights"]?.object ?? [:]
        for (file, names) in zip(others.keys, others.values) {
            let names = try #require(names.object)
            try Safetensors.write(
                zip(names.keys, names.values).map { ($0, try weights.tensor(try #require($1.string))) },
                to: "\(folder)/\(file)")
        }
    }

    public var cases: [(inputs: [JSONValue], options: JSONObject, expected: [JSONValue])] {
        get throws {
            try #require(json["cases"]?.array).map { one in
                (
                    try #require(one["inputs"]?.array), try #require(one["options"]?.object),
                    try #require(one["expected"]?.array)
                )
            }
        }
    }
}

/// The first place where two values differ: in numbers by more than 1e-5, in all else at all; `nil` if there is none.
public func difference(_ ours: JSONValue, _ theirs: JSONValue, at place: String = "") -> String? {
    let differ = "\(place): \(ours.text()), expected \(theirs.text())"
    switch (ours, theirs) {
    case (.array(let a), .array(let b)):
        guard a.count == b.count else { return differ }
        return a.indices.lazy.compactMap { difference(a[$0], b[$0], at: "\(place)[\($0)]") }.first
    case (.object(let a), .object(let b)):
        guard Set(a.keys) == Set(b.keys) else { return differ }
        return a.keys.lazy.compactMap { key in
            a[key].flatMap { a in b[key].flatMap { difference(a, $0, at: "\(place).\(key)") } }
        }.first
    case (.string(let a), .string(let b)): return Array(a.utf8) == Array(b.utf8) ? nil : differ
    default:
        guard let a = ours.double, let b = theirs.double else { return ours == theirs ? nil : differ }
        return abs(a - b) <= 1e-5 * max(1, abs(b)) ? nil : differ
    }
}
