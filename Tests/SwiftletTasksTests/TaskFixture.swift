import SwiftletDatasets
import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTasks
import SwiftletTraining
import Testing

/// A part of `Tests/Fixtures/tasks/expected.json`, which `Tools/reference/tasks.py` made.
struct TaskFixture {
    let json: JSONValue
    let tokenizer: Tokenizer

    init(_ part: String) throws {
        json = try #require(try JSONValue(contentsOf: Locations.fixture("tasks/expected.json"))[part])
        tokenizer = try AutoTokenizer.fromPretrained(Locations.fixture("tokenizers/bert-tiny"))
    }

    func value(_ key: String) throws -> JSONValue { try #require(json[key], "\(key)") }
    func int(_ key: String) throws -> Int { try #require(try value(key).int) }
    func texts(_ key: String) throws -> [String] { try value(key).strings() }
    func intLists(_ key: String) throws -> [[Int]] { try value(key).intLists() }
}

extension JSONValue {
    func list() throws -> [JSONValue] { try #require(array) }
    func strings() throws -> [String] { try list().map { try #require($0.string) } }
    func ints() throws -> [Int] { try list().map { try #require($0.int) } }
    func doubles() throws -> [Double] { try list().map { try #require($0.double) } }
    func intLists() throws -> [[Int]] { try list().map { try $0.ints() } }
}

/// The values of a tensor if it has the shape of `expected`, `{"shape": [...], "values": [...]}`.
func agrees(_ tensor: Tensor?, _ expected: JSONValue?) throws -> Bool {
    let (tensor, expected) = (try #require(tensor), try #require(expected))
    return try tensor.shape == expected["shape"]?.ints() && tensor.ints() == expected["values"]?.ints()
}

extension Columns {
    func intLists(_ name: String) throws -> [[Int]] {
        guard case .intLists(let lists) = self[name] else { throw TrainingError("no lists in '\(name)'") }
        return lists.map { $0.map(Int.init) }
    }

    func ints(_ name: String) throws -> [Int] {
        guard case .ints(let values) = self[name] else { throw TrainingError("no integers in '\(name)'") }
        return values
    }

    var dataset: Dataset { get throws { try .fromColumns(map { ($0, $1) }) } }
}
