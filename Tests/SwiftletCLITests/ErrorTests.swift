import Foundation
import Swiftlet
import SwiftletTestSupport
import Testing

/// What errors tell a program: kind, location, and a remedy for each kind of caller. Imports what a user would.
@Suite struct ErrorTests {
    private func error<Failure: SwiftletError>(
        _ type: Failure.Type = Failure.self, at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) throws -> Failure {
        try #require(throws: Failure.self, sourceLocation: location, performing: body)
    }

    @Test func `datasets`() throws {
        let data = try Dataset.fromColumns([("a", .ints([1, 2])), ("t", .strings(["x", "y"]))])
        let dict = DatasetDict([("train", data)])
        let column = try error(DatasetError.self) { _ = try data["b"] }
        #expect(column.kind == .noColumn && column.location == ErrorLocation(column: "b"))
        #expect(try error(DatasetError.self) { _ = try dict["test"] }.location.split == "test")
        for bad in [2, -3, Int.max, Int.min] {
            #expect(try error(DatasetError.self) { _ = try data[bad] }.kind == .noRow)
            #expect(try error(DatasetError.self) { _ = try data["a"][bad] }.location.row == bad)
            #expect(try error(DatasetError.self) { _ = try data[0..<2][bad] }.kind == .noRow)
        }
        #expect(try error(DatasetError.self) { _ = try data[1..<3] }.kind == .noRow)
        #expect(try error(DatasetError.self) { _ = try data.batch(0..<1)["z"] }.kind == .noColumn)
        #expect(try error(DatasetError.self) { _ = try data["t"].ints() }.kind == .wrongType)
        let holes = try Dataset.fromColumns([("a", .values([1, nil]))])
        let hole = try error(DatasetError.self) { _ = try holes.ints("a") }
        #expect(hole.kind == .missingValue && hole.location == ErrorLocation(column: "a", row: 1))
        #expect(hole.remedy?.contains("values()") == true && hole.commandLineRemedy?.contains("()") == false)
        let folder = try TemporaryDirectory()
        #expect(try error(DatasetError.self) { _ = try loadDataset(folder: folder.file("none")) }.kind == .noFile)
        let files = [
            ("a.json", "{\"a\": 1}\n{\"a\": "), ("b.json", ""), ("c.json", "[1, 2"), ("d.csv", "a,b\n1,2\n3\n"),
        ]
        for (name, text) in files {
            try AtomicFile.write(text, to: folder.file(name))
            let damaged = try error(DatasetError.self) { _ = try loadDataset(folder: folder.file(name)) }
            #expect(damaged.kind == .malformed && damaged.location.path == folder.file(name), "\(name): \(damaged)")
        }
    }

    @Test func `files, models and tokenizers`() throws {
        let folder = try TemporaryDirectory()
        let file = try error(FileError.self) { _ = try MappedFile(folder.file("none")) }
        #expect(file.kind == .notFound && file.location.path == folder.file("none"))
        let json = try error(JSONError.self) { _ = try JSONValue(parsing: "{\n1}") }
        #expect(json.kind == .syntax && json.location.line == 2)
        let deep = String(repeating: "[", count: 10_000)
        #expect(try error(JSONError.self) { _ = try JSONValue(parsing: deep) }.kind == .tooDeep)
        let model = try error(ModelError.self) { _ = try AutoModel.fromPretrained(folder: folder.file("none")) }
        #expect(model.kind == .noFolder && model.location.path == folder.file("none"))
        #expect(model.remedy?.contains("await") == true && model.commandLineRemedy?.contains("await") == false)
        try AtomicFile.write(#"{"model_type": "gpt9"}"#, to: folder.file("config.json"))
        #expect(
            try error(ModelError.self) { _ = try AutoModel.fromPretrained(folder: folder.path) }.kind == .unsupported)
        try AtomicFile.write(#"{"model_type": "bert", "hidden_size": "x"}"#, to: folder.file("config.json"))
        let key = try error(ModelError.self) { _ = try AutoModel.fromPretrained(folder: folder.path) }
        #expect(
            key.kind == .configuration && key.location.path == folder.file("config.json") && key.location.key != nil)
        let tokenizer = try error(TokenizerError.self) { _ = try AutoTokenizer.fromPretrained(folder: folder.path) }
        #expect(tokenizer.kind == .noFile && tokenizer.location.path == folder.path)
        #expect(try error(MetricError.self) { _ = try Evaluate.load("nothing") }.kind == .unknownMetric)
        #expect(try error(TensorError.self) { _ = try Device(parsing: "abacus") }.kind == .noDevice)
        let shapes = try error(TensorError.self) { _ = try withTensorErrors { Tensor.zeros([2]) + Tensor.zeros([3]) } }
        #expect(shapes.kind == .operation)
    }

    @Test func `models refuse what they can't be called with`() throws {
        let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
        let wrong: [([Int64], [Int])] = [([1_000_000, 5], [1, 2]), ([-1, 5], [1, 2]), ([], [0, 0]), ([5], [1])]
        for (ids, shape) in wrong {
            let inputs = ModelInputs(inputIDs: Tensor(ids, shape: shape))
            #expect(try error(ModelError.self) { _ = try model(inputs) }.kind == .inputs, "\(ids) \(shape)")
        }
        let long = ModelInputs(inputIDs: Tensor([Int64](repeating: 5, count: 5000), shape: [1, 5000]))
        let tooLong = try error(ModelError.self) { _ = try model(long) }
        #expect(tooLong.remedy?.contains("truncation") == true)
        #expect(tooLong.commandLineRemedy?.contains("--max-length") == true)
        let labels = ModelInputs(
            inputIDs: Tensor([5, 6] as [Int64], shape: [1, 2]), labels: Tensor([9] as [Int64], shape: [1]))
        #expect(try error(ModelError.self) { _ = try model(labels) }.kind == .labels)
    }

    @Test func `arguments are named`() throws {
        var args = TrainingArguments("out")
        args.learningRate = -1
        let argument = try error(TrainingError.self) { try args.validate() }
        #expect(argument.kind == .invalidArgument && argument.location.option == "learning_rate")
    }

    @Test func `Foundation shows message and remedy`() throws {
        let shown = try error(DatasetError.self) { _ = try Dataset.fromColumns([("a", .ints([1]))])["b"] }
        #expect(shown.localizedDescription == "there is no column 'b'")
        #expect((shown as any LocalizedError).recoverySuggestion == "The columns are: 'a'.")
        #expect(shown.description == "there is no column 'b'\nThe columns are: 'a'.")
        let errors: [any Error] = [
            TrainingError("a", remedy: "b"), ModelError("a", remedy: "b"), MetricError("a", remedy: "b"),
            DatasetError("a", remedy: "b"), TensorError("a", remedy: "b"), ProcessError("a", remedy: "b"),
            HubError(.busy, "a", remedy: "b"), FileError(path: "p", message: "a", remedy: "b"),
            InferenceError(.closed, "a", remedy: "b"),
        ]
        for error in errors {
            #expect(error.localizedDescription == "a", "\(type(of: error))")
            #expect((error as? any LocalizedError)?.recoverySuggestion == "b", "\(type(of: error))")
            #expect((error as? any SwiftletError)?.commandLineDescription == "a\nb", "\(type(of: error))")
        }
    }

    /// A callback needs `JSONObject`, and `Logger` is a parameter.
    @Test func `one import is enough`() throws {
        final class Logs: TrainerCallback {
            var logs: [JSONObject] = []
            func onLog(_ state: TrainerState, logs: JSONObject) { self.logs.append(logs) }
        }
        #expect(Logs().logs.isEmpty && LoadOptions(logger: Logger(label: "test")).logger?.label == "test")
    }

    @Test func `a tokenizer's encodings are kept under a key`() throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write("t\nthe cat\nthe dog sat\n", to: folder.file("train.csv"))
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.fixture("tokenizers/bert-tiny"))
        let raw = try loadDataset(folder: folder.path)
        func encoded(_ numProc: Int?) throws -> Dataset {
            guard let numProc else {
                return try raw.map(batched: true, cacheKey: "v1") { try tokenizer($0["t"]) }["train"]
            }
            return try raw.map(batched: true, cacheKey: "v1", numProc: numProc) { try tokenizer($0["t"]) }["train"]
        }
        let (first, threads) = (try encoded(nil), try encoded(2))
        #expect(try first.intLists("input_ids", rows: 0..<2) == tokenizer(["the cat", "the dog sat"]).inputIDs)
        #expect(try threads.intLists("input_ids", rows: 0..<2) == first.intLists("input_ids", rows: 0..<2))
        #expect(first.columnNames == threads.columnNames)
    }
}
