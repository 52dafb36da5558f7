import Logging
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

/// `auto_find_batch_size`: smaller batches where they don't fit.
@Suite(.oneAtATime) struct BatchSizeTests {
    /// Has memory for a few rows only.
    private struct Limited: DataCollator {
        let rows: Int
        /// Batches that fit before the first that may not.
        var after = 0
        private let count = Count()
        private final class Count: @unchecked Sendable { var batches = 0 }

        init(rows: Int, after: Int = 0) { (self.rows, self.after) = (rows, after) }

        func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
            count.batches += 1
            if examples.count > rows, count.batches > after {
                throw TensorError("there is no memory for \(examples.count) rows", kind: .outOfMemory)
            }
            return try TinyCollator()(examples)
        }
    }

    private func trainer(
        _ batchSize: Int, _ collator: any DataCollator = TinyCollator(), callbacks: [any TrainerCallback] = [],
        _ change: (inout TrainingArguments) -> Void = { _ in }
    ) throws -> Trainer {
        try tinyTrainer(
            {
                $0.perDeviceTrainBatchSize = batchSize
                $0.autoFindBatchSize = true
                change(&$0)
            }, callbacks: callbacks, collator: collator)
    }

    private func losses(_ trainer: Trainer) -> [Double] { trainer.state.logHistory.compactMap { $0["loss"]?.double } }

    /// As accelerate, `int(size * 0.9)`: 13, 11, 9, 8, 7, 6, 5.
    @Test func `a run that does not fit begins anew, as if it had begun with smaller batches`() throws {
        let found = try trainer(13, Limited(rows: 5))
        try found.train()
        #expect(found.args.perDeviceTrainBatchSize == 5 && found.state.trainBatchSize == 5)
        #expect(found.args.json["per_device_train_batch_size"] == 5)
        let plain = try tinyTrainer { $0.perDeviceTrainBatchSize = 5 }
        try plain.train()
        #expect(losses(found) == losses(plain) && losses(plain).count == 8)
        #expect(weights(found).map(\.values) == weights(plain).map(\.values))
    }

    @Test func `nothing is left of attempts that got far`() throws {
        let folder = try TemporaryDirectory()
        let found = try trainer(8, Limited(rows: 7, after: 4)) {
            $0.outputDir = folder.path
            $0.saveStrategy = .steps
            $0.saveSteps = 1
            $0.maxSteps = 6
        }
        try found.train()
        let plain = try tinyTrainer {
            $0.perDeviceTrainBatchSize = 7
            $0.maxSteps = 6
        }
        try plain.train()
        #expect(found.args.perDeviceTrainBatchSize == 7)
        #expect(losses(found) == losses(plain))
        #expect(weights(found).map(\.values) == weights(plain).map(\.values))
        // All of the same run, and a resumed one has its batches.
        let checkpoints = try Checkpoint.all(in: folder.path)
        #expect(checkpoints.map(\.step) == [1, 2, 3, 4, 5, 6] && Set(checkpoints.map { $0.run?.id }).count == 1)
        let resumed = try trainer(8) {
            $0.outputDir = folder.path
            $0.maxSteps = 6
        }
        try resumed.train(resumeFrom: .path(FileSystem.join(folder.path, "checkpoint-3")))
        #expect(resumed.args.perDeviceTrainBatchSize == 7)
        #expect(weights(resumed).map(\.values) == weights(plain).map(\.values))
    }

    @Test func `where nothing fits, that is said`() throws {
        let nothing = try trainer(4, Limited(rows: 0))
        let before = weights(nothing).map(\.values)
        let error = try #require(throws: TrainingError.self) { try nothing.train() }
        #expect(error.message.contains("one row") && error.location.option == "auto_find_batch_size")
        #expect(weights(nothing).map(\.values) == before)
        // Not asked for: the error itself.
        let plain = try trainer(4, Limited(rows: 0)) { $0.autoFindBatchSize = false }
        let outOfMemory = try #require(throws: TensorError.self) { try plain.train() }
        #expect(outOfMemory.isOutOfMemory)
    }

    @Test func `an evaluation's memory is another option's`() throws {
        let failing = try trainer(4, Limited(rows: 4)) {
            $0.evalStrategy = .steps
            $0.evalSteps = 2
            $0.perDeviceEvalBatchSize = 8
        }
        let error = try #require(throws: TrainingError.self) { try failing.train() }
        #expect(error.location.option == "per_device_eval_batch_size" && failing.args.perDeviceTrainBatchSize == 4)
    }

    @Test func `on a CPU the memory is estimated`() throws {
        let rows = [TokenizedExample](
            repeating: TokenizedExample(inputIDs: [Int32](repeating: 5, count: 500), label: .id(0)), count: 1000)
        let trainer = try trainer(256)
        let sizes = [1 << 50, 1 << 30, 400 << 20, 200 << 20, 1 << 20].map { trainer.likelyBatchSize(for: rows, in: $0) }
        #expect(sizes.first == 256 && sizes.last == 1)
        #expect(sizes == sizes.sorted(by: >) && Set(sizes).count >= 3, "\(sizes)")
    }
}
