import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing

/// Rows that are all padded to one length, as with `pad_to_max_length` of Python's scripts.
@Suite(.enabled(if: SmallTask.isAvailable, "scripts/bootstrap has not fetched the model"))
struct PaddingTests {
    /// What a task makes of all its rows, as one batch.
    private func batch(
        _ task: ModelTask, _ columns: [(String, ColumnData)], length: Int?, pads: Bool = true
    ) throws -> ModelInputs? {
        let rows = try Dataset.fromColumns(columns)
        var options = TaskOptions()
        (options.maxLength, options.padToMaxLength) = (length, pads)
        let made = try task.make(
            TaskContext(
                tokenizer: try AutoTokenizer.fromPretrained(folder: Locations.miniLM), splits: [("train", rows)],
                options: options, config: try AutoConfig.fromPretrained(folder: Locations.miniLM), isFineTuned: false))
        guard let collator = try made.collator() else { return nil }
        let dataset = try made.prepare(rows, split: "train", for: .training).dataset
        return try collator(try TokenizedExamples(dataset).rows)
    }

    private static let texts = ["a", "a text", "some longer text than that"]
    private static let cases: [(task: ModelTask, columns: [(String, ColumnData)], shape: [Int])] = [
        (
            .sequenceClassification, [("text", .strings(texts)), ("label", .ints([0, 1, 0]))], [3]
        ),
        (
            .tokenClassification,
            [
                ("tokens", .values(texts.map { .list($0.split(separator: " ").map { .string(String($0)) }) })),
                (
                    "ner_tags",
                    .values(texts.map { .list($0.split(separator: " ").map { .string($0 == "a" ? "B-X" : "O") }) })
                ),
            ], [3]
        ),
        (
            .multipleChoice,
            [
                ("sent1", .strings(texts)), ("ending0", .strings(texts)), ("ending1", .strings(["b", "c", "d"])),
                ("label", .ints([0, 1, 0])),
            ], [3, 2]
        ),
        (
            .questionAnswering,
            [
                ("id", .strings(["1", "2", "3"])), ("question", .strings(["who?", "what?", "where?"])),
                ("context", .strings(texts)),
                (
                    "answers",
                    .values(texts.map { _ in .structure(["text": ["a"], "answer_start": [0]]) })
                ),
            ], [3]
        ),
    ]

    @Test(arguments: cases.indices) func `batches have the length that is asked for`(index: Int) throws {
        let (task, columns, shape) = Self.cases[index]
        for length in [32, 57] {
            let inputs = try #require(try batch(task, columns, length: length), "\(task)")
            #expect(inputs.inputIDs.shape == shape + [length], "\(task)")
            #expect(inputs.attentionMask?.shape == shape + [length], "\(task)")
            if task == .tokenClassification { #expect(inputs.labels?.shape == shape + [length]) }
            // What is padding counts for nothing.
            let masks = try #require(inputs.attentionMask).ints()
            #expect(masks.contains(0) && masks.contains(1), "\(task)")
        }
        // Batches are made in the usual way where nothing is asked for.
        #expect(try batch(task, columns, length: 32, pads: false) == nil, "\(task)")
    }

    @Test func `without a length it is the model's`() throws {
        let config = try AutoConfig.fromPretrained(folder: Locations.miniLM)
        let tokenizer = try AutoTokenizer.fromPretrained(folder: Locations.miniLM)
        let (task, columns, _) = Self.cases[0]
        let length = min(tokenizer.modelMaxLength, try #require(config.json["max_position_embeddings"]?.int))
        #expect(try batch(task, columns, length: nil)?.inputIDs.shape == [3, length])
    }
}
