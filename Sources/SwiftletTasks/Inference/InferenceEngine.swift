import Foundation
import SwiftletIO
public import SwiftletModels
public import SwiftletTensor
public import SwiftletTokenizers

/// How a model is loaded and run for inference.
public struct InferenceOptions: Sendable {
    /// Where the model runs.
    public var device: Device
    /// Matrix products in bfloat16.
    public var bf16: Bool
    /// Products of linear layers in 8-bit integers, on the CPU; see `int8Products`. A folder whose weights are in 8 bits
    /// runs so by itself.
    public var int8: Bool
    /// Fused kernels, or libtorch's operations in Python's order; by default `Kernels.default`.
    public var kernels: Kernels?
    /// Waiting requests are joined into a batch while they have at most this many tokens together.
    public var tokenBudget: Int
    /// Whether weights get memory of their own when they are loaded. Else they stay mapped from their files, which costs
    /// nothing, and a file that is written over in place changes the model or ends the process.
    public var ownsWeights: Bool
    /// Told of each batch after it was run, on the model's own thread: it must not take long.
    public var onBatch: (@Sendable (BatchFigures) -> Void)?

    /// - Parameters:
    ///   - device: where the model runs.
    ///   - bf16: matrix products in bfloat16.
    ///   - int8: products of linear layers in 8-bit integers.
    ///   - kernels: fused kernels, or libtorch's operations in Python's order; by default `Kernels.default`.
    ///   - tokenBudget: tokens of a batch of waiting requests.
    ///   - ownsWeights: whether weights get memory of their own when they are loaded.
    ///   - onBatch: told of each batch after it was run.
    public init(
        device: Device = .cpu, bf16: Bool = false, int8: Bool = false, kernels: Kernels? = nil,
        tokenBudget: Int = 4096, ownsWeights: Bool = false, onBatch: (@Sendable (BatchFigures) -> Void)? = nil
    ) {
        self.device = device
        self.bf16 = bf16
        self.int8 = int8
        self.kernels = kernels
        self.tokenBudget = tokenBudget
        self.ownsWeights = ownsWeights
        self.onBatch = onBatch
    }
}

/// Owns a model and its tokenizer, and answers from any number of tasks at once.
///
/// The model lives on a thread of its own, which loads it and runs it. Requests that wait are joined into batches by
/// their tokens; what a request is answered does not depend on its batch. A request with more tokens than one batch has
/// gives way to others between its parts. A cancelled task's request leaves the queue. The thread ends with the last
/// reference to the engine; a call that waits holds one.
public final class InferenceEngine: Sendable {
    /// The model's own tokenizer.
    public let tokenizer: Tokenizer
    /// The model's `config.json`.
    public let config: ModelConfig
    /// Longest sequence that the model takes, in tokens, special ones included: the tokenizer's limit, or the number of
    /// the model's positions where the tokenizer knows none.
    public let maxLength: Int
    /// What linear layers multiply in: float32, bfloat16, or int8 where that is asked for or the folder's weights are.
    public let precision: DType
    private let queue: InferenceQueue

    /// Loads a model on the engine's own thread.
    ///
    /// - Parameter load: makes the model. It is called once, on that thread.
    /// - Throws: what `load` throws; `InferenceError` for a token budget below 1.
    public init(
        tokenizer: Tokenizer, options: InferenceOptions = InferenceOptions(),
        load: @escaping @Sendable () throws -> any PretrainedModel
    ) async throws {
        guard options.tokenBudget > 0 else {
            throw InferenceError(
                .badOption, "tokenBudget is \(options.tokenBudget)", remedy: "Give at least 1 token, such as 4096.")
        }
        guard !(options.int8 && (options.bf16 || options.device != .cpu)) else {
            throw InferenceError(
                .badOption,
                options.bf16 ? "int8 and bf16 are both asked for" : "int8 is asked for on \(options.device)",
                remedy: "8-bit products are for the CPU, and take the place of bfloat16: leave out one of the two.")
        }
        let queue = InferenceQueue()
        typealias Loaded = CheckedContinuation<(ModelConfig, DType), any Error>
        let (config, precision) = try await withCheckedThrowingContinuation { (loaded: Loaded) in
            // Not one of a pool's: it waits for requests as long as the engine lives.
            let thread = Thread {
                let worker: InferenceWorker
                do {
                    worker = try InferenceWorker(load(), options)
                } catch {
                    loaded.resume(throwing: error)
                    return
                }
                loaded.resume(returning: (worker.config, worker.precision))
                worker.run(queue)
            }
            thread.name = "swiftlet.inference"
            thread.qualityOfService = .userInitiated
            thread.stackSize = 8 << 20
            thread.start()
        }
        self.queue = queue
        self.tokenizer = tokenizer
        self.config = config
        self.precision = precision
        maxLength = min(tokenizer.modelMaxLength, config.positionLimit ?? .max)
    }

    deinit { queue.close() }

    /// Number of requests that wait for the model; one that it has begun with is not counted.
    public var waitingCount: Int { queue.count }

    /// What the model answers for each sequence, in their order.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled; `InferenceError` for a sequence without tokens;
    ///   `ModelError` for ids that the model doesn't have.
    public func outputs(for sequences: [EncodedSequence]) async throws -> [SequenceOutput] {
        if sequences.isEmpty { return [] }
        try InferenceLimit.check(
            sequences.reduce(0) { $0 + max(1, $1.positions?.count ?? 1) }, "a text, a part of one, or a mask")
        let id = queue.makeID()
        defer { queue.finish(id) }
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            let answer = try await withCheckedThrowingContinuation { queue.add(id, sequences, reply: $0) }
            InferenceMeasurement.current?.add(answer.figures)
            return answer.outputs
        } onCancel: {
            queue.cancel(id)
        }
    }
}

extension ModelConfig {
    /// Positions that a sequence may have, where the configuration says so.
    var positionLimit: Int? {
        guard let count = json["max_position_embeddings"]?.int, count > 0 else { return nil }
        // Families that number positions from behind the padding's have fewer than rows.
        let offset = ["roberta", "xlm-roberta", "camembert", "mpnet"].contains(json["model_type"]?.string ?? "")
        let padding = json["pad_token_id"]?.int ?? 1
        return offset ? count - max(0, min(padding, count - 1)) - 1 : count
    }
}
