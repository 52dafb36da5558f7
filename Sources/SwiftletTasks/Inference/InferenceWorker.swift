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
        model.eval()
        model.to(options.device)
        model.state.kernels = options.kernels
        self.model = model
        self.options = options
        config = model.config
    }

    /// Answers all requests. One that fails doesn't take the others of its batch with it.
    func answer(_ requests: [InferenceQueue.Request]) {
        do {
            let outputs = try run(requests.flatMap(\.sequences))
            var start = 0
            for request in requests {
                let end = start + request.sequences.count
                request.continuation.resume(returning: Array(outputs[start..<end]))
                start = end
            }
        } catch where requests.count > 1 {
            for request in requests { answer([request]) }
        } catch {
            requests[0].continuation.resume(throwing: error)
        }
    }

    /// The model's answers, in the order of the sequences. Sequences of like lengths run together, as many at once as the
    /// token budget allows.
    private func run(_ sequences: [EncodedSequence]) throws -> [SequenceOutput] {
        let order = sequences.indices.sorted { sequences[$0].count < sequences[$1].count }
        var outputs = [SequenceOutput?](repeating: nil, count: sequences.count)
        var batch: [Int] = []
        var tokens = 0
        func runBatch() throws {
            for (index, output) in zip(batch, try pass(batch.map { sequences[$0] })) { outputs[index] = output }
            (batch, tokens) = ([], 0)
        }
        for index in order {
            if !batch.isEmpty, tokens + sequences[index].count > options.tokenBudget { try runBatch() }
            batch.append(index)
            tokens += sequences[index].count
        }
        if !batch.isEmpty { try runBatch() }
        return outputs.compactMap(\.self)
    }

    private func pass(_ sequences: [EncodedSequence]) throws -> [SequenceOutput] {
        try withTensorErrors {
            try noGrad {
                try autocast(options.bf16 ? .bfloat16 : nil, on: options.device) {
                    let batch = try InferenceBatch(sequences, packs: packs)
                    let output: any ModelOutput = try model(batch.inputs.to(options.device))
                    return try batch.outputs(of: output, model: model)
                }
            }
        }
    }

    /// Packed sequences attend to themselves alone, so that no answer depends on what it is batched with.
    private var packs: Bool { options.device == .cpu || model.encoder.attendsToPackedOnGPU }
}
