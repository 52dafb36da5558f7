import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTraining

/// Runs a model for the requests of a queue. Belongs to one thread, as the model does.
struct InferenceWorker {
    let config: ModelConfig
    private let model: any PretrainedModel
    private let options: InferenceOptions

    init(_ model: any PretrainedModel, _ options: InferenceOptions) throws {
        try withTensorErrors {
            model.eval()
            model.to(options.device)
        }
        model.state.kernels = options.kernels
        if options.int8 { model.state.execution.quantization = .int8 }
        self.model = model
        self.options = options
        config = model.config
    }

    /// Answers the requests of a queue until it is closed.
    func run(_ queue: InferenceQueue) {
        while let parts = queue.next(tokens: options.tokenBudget) { answer(parts, queue) }
    }

    /// One request that fails doesn't take the others of its batch with it.
    private func answer(_ parts: [InferenceQueue.Part], _ queue: InferenceQueue) {
        do {
            let outputs = try outputs(for: parts.flatMap(\.sequences))
            var start = 0
            for part in parts {
                let end = start + part.sequences.count
                queue.deliver(outputs[start..<end], for: part)
                start = end
            }
        } catch where parts.count > 1 {
            for part in parts { answer([part], queue) }
        } catch {
            queue.fail(error, for: parts[0])
        }
    }

    /// The model's answers, in the order of the sequences. Packed they run at once; padded, sequences of like lengths
    /// run together, so that the batch with its padding stays within the token budget.
    private func outputs(for sequences: [EncodedSequence]) throws -> [SequenceOutput] {
        if packs { return try pass(sequences) }
        let order = sequences.indices.sorted { sequences[$0].count < sequences[$1].count }
        var outputs = [SequenceOutput?](repeating: nil, count: sequences.count)
        var batch: [Int] = []
        func runBatch() throws {
            for (index, output) in zip(batch, try pass(batch.map { sequences[$0] })) { outputs[index] = output }
            batch = []
        }
        for index in order {
            if !batch.isEmpty, (batch.count + 1) * sequences[index].count > options.tokenBudget { try runBatch() }
            batch.append(index)
        }
        if !batch.isEmpty { try runBatch() }
        return outputs.compactMap(\.self)
    }

    private func pass(_ sequences: [EncodedSequence]) throws -> [SequenceOutput] {
        try withTensorErrors {
            try noGrad {
                try autocast(options.bf16 ? .bfloat16 : nil, on: options.device) {
                    let batch = try InferenceBatch(sequences, for: model.task, packs: packs)
                    let output: any ModelOutput = try model(batch.inputs.to(options.device))
                    return try batch.outputs(of: output)
                }
            }
        }
    }

    /// Packed sequences attend to themselves alone, so that no answer depends on what it is batched with.
    private var packs: Bool { options.device == .cpu || model.encoder.attendsToPackedOnGPU }
}
