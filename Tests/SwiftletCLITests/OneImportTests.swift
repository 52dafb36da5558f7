import Swiftlet
import Testing

/// What a program can do with `import Swiftlet` alone: that this file compiles is the greater part of the test. No other
/// module of the package may be imported here.
@Suite struct OneImportTests {
    private final class Watcher: TrainerCallback {
        var logged: [JSONObject] = []
        func onLog(_ state: TrainerState, logs: JSONObject) { logged.append(logs) }
        func onEvaluate(
            _ state: TrainerState, metrics: [(name: String, value: Double)], _ control: inout TrainerControl
        ) {
            control.shouldTrainingStop = metrics.isEmpty
        }
    }

    @Test func `callbacks and JSON`() throws {
        let watcher = Watcher()
        let callback: any TrainerCallback = watcher
        callback.onLog(TrainerState(), logs: ["loss": 0.5, "list": [1, "x", nil, true]])
        #expect(watcher.logged.first?["loss"]?.double == 0.5 && watcher.logged.first?["list"]?.array?.count == 4)
        #expect(try JSONValue(parsing: #"{"a": [1]}"#)["a"]?.array?.first?.int == 1)
        #expect(JSONValue.object(["b": nil]).text() == #"{"b": null}"#)
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: "[") }
        #expect(!error.message.isEmpty)
    }

    @Test func `datasets and metrics`() throws {
        let data = try Dataset.fromColumns([
            ("text", .strings(["a good day", "a bad day", "good", "bad"])), ("label", .ints([1, 0, 1, 0])),
        ])
        #expect(try data.filter { (row: Row) in row["label"]?.int == 1 }.numRows == 2)
        #expect(try data.trainTestSplit(testSize: 0.5, seed: 1).splits == ["train", "test"])
        let values = try Evaluate.load("f1").compute(predictions: [0, 1, 1], references: [0, 1, 0], .average(.macro))
        #expect(values["f1"] != nil)
        let error = try #require(throws: MetricError.self) { try Evaluate.load("nothing") }
        #expect(error.kind == .unknownMetric && error.remedy != nil)
        var names: [TextKey: Int] = [:]
        for name in data.columnNames { names[TextKey(name)] = names.count }
        #expect(names["label"] == 1)
    }

    @Test func `training of tokenizers, options of tasks and tensors`() throws {
        let blank = try Tokenizer.untrained("BertTokenizer")
        let tokenizer = try blank.trained(
            on: ["a good day", "a bad day"], vocabularySize: 30,
            newSpecialTokens: [AddedToken("<new>", isSpecial: true)], specialTokensMap: ["[UNK]": "<unk>"])
        #expect(tokenizer.unkToken == "<unk>" && tokenizer.allSpecialTokens.contains("<new>"))
        #expect(try tokenizer("a good day").inputIDs.count > 2)
        #expect(try BPETrainer(vocabularySize: 40).train(on: ["a good day"], like: blank).count > 5)
        var options = TaskOptions()
        options.padToMaxLength = true
        #expect(options.padToMaxLength && Tensor([1, 2, 3, 4], shape: [2, 2]).shape == [2, 2])
        var args = TrainingArguments("out")
        args.learningRate = 1e-3
        #expect(args.learningRate == 1e-3)
    }
}
