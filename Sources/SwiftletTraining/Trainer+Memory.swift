import Logging
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor

/// The memory of a pass over rows, from below and as it usually is, in bytes.
///
/// `usual` is near what a BERT of six layers took, with batches of 500 to 25,000 tokens; `least` is about half of that in
/// what grows with the batch, so that what it refuses has no chance.
struct MemoryEstimate {
    private(set) var least: Double
    private(set) var usual: Double

    /// What decides the memory of a batch.
    struct Pass {
        var rows: [TokenizedExample]
        var batchSize: Int
        var isTraining: Bool
        /// Batches are packed: no padding, and no attention scores are kept.
        var isPacked: Bool
    }

    init(_ pass: Pass, _ model: any PretrainedModel, _ args: TrainingArguments) {
        let parameters = model.parameters()
        let all = parameters.reduce(0.0) { $0 + Double($1.count) }
        let trainable = parameters.reduce(0.0) { $0 + ($1.isTrainable ? Double($1.count) : 0) }
        // Weights; gradients, and the optimizer's moments.
        let moments: Double =
            switch args.optim {
            case .adamwTorchFused, .adamwTorch, .adam: 2
            case .rmsprop, .adagrad, .lion: 1
            case .adafactor, .sgd: 0
            }
        least = 4 * (all + (pass.isTraining ? trainable * (1 + moments) : 0))
        usual = least + 150e6
        let sizes = pass.rows.map { row in
            row.choices.isEmpty ? Double(row.inputIDs.count) : row.choices.reduce(0) { $0 + Double($1.inputIDs.count) }
        }
        guard let longest = sizes.max(), let shape = Shape(model.config) else { return }
        let count = Double(min(pass.batchSize, sizes.count))
        // Some batch has the mean, whatever the order; the longest row pads its own.
        let mean = sizes.reduce(0, +) / Double(sizes.count)
        let kept = pass.isTraining && !args.gradientCheckpointing ? shape.layers : 1
        let bytes: Double = args.autocastDType == nil ? 4 : 2
        func activations(_ tokens: Double, _ length: Double, states: Double, scores: Double) -> Double {
            var sum = kept * tokens * (states * (4 * shape.hidden + shape.intermediate) * bytes)
            if !pass.isPacked { sum += kept * tokens * scores * shape.heads * length * bytes }
            return sum
        }
        let share = pass.isTraining ? 1 : 0.25
        least += activations(count * mean, mean, states: share, scores: pass.isTraining ? 1.5 : 0)
        usual += activations(
            count * (pass.isPacked ? mean : longest), longest, states: 1.75 * share + (pass.isPacked ? 0 : share),
            scores: pass.isTraining ? 3 : 1)
    }

    /// The sizes of an encoder, by the names that configurations have for them.
    private struct Shape {
        let hidden, layers, intermediate, heads: Double

        init?(_ config: ModelConfig) {
            func number(_ keys: String...) -> Double? {
                keys.lazy.compactMap { config.json[$0]?.double }.first { $0 > 0 && $0 < 1e9 }
            }
            guard let hidden = number("hidden_size", "dim", "n_embd"),
                let layers = number("num_hidden_layers", "n_layers", "n_layer")
            else { return nil }
            self.hidden = hidden
            self.layers = layers
            // ALBERT's layers share weights, not activations.
            intermediate = number("intermediate_size", "hidden_dim", "n_inner") ?? 0
            heads = number("num_attention_heads", "n_heads", "n_head") ?? 0
        }
    }
}

extension Trainer {
    /// Says before the first step what can't fit in memory.
    ///
    /// - Throws: `TrainingError` where even the least that the batches need is more than there is, swap included.
    package func requireMemory(for rows: [TokenizedExample], isTraining: Bool) throws {
        guard model.state.device == .cpu, let memory = MachineMemory.byteCount, !rows.isEmpty else { return }
        let batchSize = isTraining ? args.perDeviceTrainBatchSize : args.perDeviceEvalBatchSize
        let isPacked = packing != nil && collator(isTraining: isTraining) is DataCollatorWithFlattening
        // A limit on tokens holds, whatever the number of rows.
        guard !isTraining || args.maxTokensPerBatch == nil else { return }
        let estimate = MemoryEstimate(
            .init(rows: rows, batchSize: batchSize, isTraining: isTraining, isPacked: isPacked), model, args)
        let option = isTraining ? "per_device_train_batch_size" : "per_device_eval_batch_size"
        if estimate.least > Double(memory) + Double(MachineMemory.swapByteCount) {
            throw TrainingError(
                "\(option) is \(batchSize), for which \(Self.gigabytes(estimate.least)) of memory is needed at least, "
                    + "and there is \(Self.gigabytes(Double(memory)))",
                remedy: isTraining
                    ? "Set a smaller perDeviceTrainBatchSize and a larger gradientAccumulationSteps, tokenize with a "
                        + "smaller maxLength, or set gradientCheckpointing."
                    : "Set a smaller perDeviceEvalBatchSize, or tokenize with a smaller maxLength.",
                commandLine: isTraining
                    ? "Give a smaller --per-device-train-batch-size and a larger --gradient-accumulation-steps, a smaller "
                        + "--max-length, or --gradient-checkpointing."
                    : "Give a smaller --per-device-eval-batch-size or --max-length.",
                kind: .invalidArgument, at: ErrorLocation(option: option))
        }
        if estimate.usual > Self.usableShare * Double(memory), memoryWarnings.insert(option).inserted {
            let (needed, there) = (Self.gigabytes(estimate.usual), Self.gigabytes(Double(memory)))
            logger.warning("\(option) is \(batchSize), which may take about \(needed) of memory, and there is \(there)")
        }
    }

    /// The rows of a training batch that is likely to fit in memory: `perDeviceTrainBatchSize`, or the first of those that
    /// `auto_find_batch_size` tries after it; 1 where none is likely to.
    ///
    /// - Parameter memory: bytes that there are.
    package func likelyBatchSize(for rows: [TokenizedExample], in memory: Int) -> Int {
        let isPacked = packing != nil && collator(isTraining: true) is DataCollatorWithFlattening
        var size = args.perDeviceTrainBatchSize
        while size > 1 {
            let estimate = MemoryEstimate(
                .init(rows: rows, batchSize: size, isTraining: true, isPacked: isPacked), model, args)
            if estimate.usual <= Self.usableShare * Double(memory) { break }
            size = Self.reduced(size)
        }
        return size
    }

    /// Estimates up to this share of memory pass without a warning.
    private static let usableShare = 0.9

    private static func gigabytes(_ bytes: Double) -> String { "\((bytes / 1e8).rounded() / 10) GB" }
}
