import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTraining

/// Runs a model for the requests of a queue. Belongs to one thread, as the model does.
struct InferenceWorker {
    let config: ModelConfig
    /// What linear layers multiply in.
    let precision: DType
    private let model: any PretrainedModel
    private let options: InferenceOptions

    init(_ model: any PretrainedModel, _ options: InferenceOptions) throws {
        try withTensorErrors {
            model.eval()
            model.to(options.device)
            if options.ownsWeights {
                for parameter in model.state.parameters { model.state.assign(parameter.tensor, to: parameter) }
            }
        }
        model.state.kernels = options.kernels
        if options.int8 { model.state.execution.quantization = .int8 }
        let isInt8 = model.state.quantization == .int8
        guard !isInt8 || (options.device == .cpu && !options.bf16) else {
            throw InferenceError(
                .badOption,
                "the model's weights are in 8 bits, and "
                    + (options.bf16 ? "bfloat16 is asked for" : "it is to run on \(options.device)"),
                remedy: "Run it on the CPU, and leave out bf16: it multiplies in 8 bits by itself.")
        }
        precision = isInt8 ? .int8 : options.bf16 ? .bfloat16 : model.state.store.dtype
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
        let begin = ContinuousClock.now
        do {
            let outputs = try outputs(for: parts.flatMap(\.sequences))
            let duration = ContinuousClock.now - begin
            options.onBatch?(
                BatchFigures(
                    requestCount: parts.count, sequenceCount: outputs.count,
                    tokenCount: parts.reduce(0) { $0 + $1.tokenCount }, duration: duration))
            var start = 0
            for part in parts {
                let end = start + part.sequences.count
                queue.deliver(outputs[start..<end], for: part, duration: duration)
                start = end
            }
        } catch  where parts.count > 1 {
            for part in parts { answer([part], queue) }
        } catch {
            queue.fail(error, for: parts[0])
        }
    }

    /// The model's answers, in the order of the sequences. Packed they run at once; padded, sequences of like lengths
    /// run together, so that the batch with its padding stays within the token budget.
    private func outputs(for sequences: [EncodedSequence]) throws -> [SequenceOutput] {
        let states = sequences.indices.filter { sequences[$0].wantsTokenStates }
        if !states.isEmpty, states.count < sequences.count {
            // Two passes: one through the head, one without it.
            var outputs = [SequenceOutput?](repeating: nil, count: sequences.count)
            for group in [states, sequences.indices.filter { !sequences[$0].wantsTokenStates }] {
                let own = try self.outputs(for: group.map { sequences[$0] })
                for (index, output) in zip(group, own) { outputs[index] = output }
            }
            return outputs.compactMap(\.self)
        }
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
                    let wantsStates = sequences.first?.wantsTokenStates ?? false
                    let batch = try InferenceBatch(
                        sequences, for: wantsStates ? .featureExtraction : model.task, packs: packs)
                    if wantsStates {
                        let output = try model.encoderOutput(batch.inputs.to(options.device))
                        return try batch.outputs(ofStates: output.lastHiddenState)
                    }
                    let output: any ModelOutput = try model(batch.inputs.to(options.device))
                    return try batch.outputs(of: output)
                }
            }
        }
    }

    /// Packed sequences attend to themselves alone, so that no answer depends on what it is batched with.
    private var packs: Bool { options.device == .cpu || model.encoder.attendsToPackedOnGPU }
}
