import SwiftletIO
import SwiftletModels
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

/// Batches that can't fit are refused before the first step.
@Suite(.oneAtATime) struct MemoryTests {
    private func trainer(batchSize: Int, _ change: (inout TrainingArguments) -> Void = { _ in }) throws -> Trainer {
        try tinyTrainer { args in
            args.perDeviceTrainBatchSize = batchSize
            args.perDeviceEvalBatchSize = batchSize
            change(&args)
        }
    }

    /// Rows that share their tokens: they take no memory themselves.
    private let rows = [TokenizedExample](
        repeating: TokenizedExample(inputIDs: [Int32](repeating: 5, count: 50_000), label: .id(0)), count: 1_000_000)

    @Test func `both numbers and a way out are in the error`() throws {
        for isTraining in [true, false] {
            let error = try #require(throws: TrainingError.self) {
                try trainer(batchSize: 1_000_000).requireMemory(for: rows, isTraining: isTraining)
            }
            let option = isTraining ? "per_device_train_batch_size" : "per_device_eval_batch_size"
            #expect(error.location.option == option && error.message.contains("\(option) is 1000000"))
            #expect(
                error.message.split(separator: " GB", omittingEmptySubsequences: false).count == 3, "\(error.message)")
            #expect(error.commandLineRemedy?.contains("--max-length") == true)
        }
    }

    @Test func `what fits is let through`() throws {
        let short = [TokenizedExample](
            repeating: TokenizedExample(inputIDs: [Int32](repeating: 5, count: 60), label: .id(0)), count: 100)
        for isTraining in [true, false] { try trainer(batchSize: 8).requireMemory(for: short, isTraining: isTraining) }
        // As many rows as there are, whatever the size.
        try trainer(batchSize: 1_000_000).requireMemory(for: short, isTraining: true)
        // A limit on the tokens of a batch holds.
        try trainer(batchSize: 1_000_000) { $0.maxTokensPerBatch = 50_000 }.requireMemory(for: rows, isTraining: true)
        #expect(MachineMemory.swapByteCount >= 0)
    }
}
