import Swiftlet
import Synchronization

/// What a step can't be faster than: the products of the linear layers alone, on real tokens, at the rate that libtorch or
/// the package's own products reach for these shapes in this process, whichever is faster. Attention's own products, 2% at
/// MRPC's lengths, are left out, which makes the limit stricter. Those of bfloat16 run as such or as float32.
struct MatrixLimit {
    private let layer: [(inputs: Int, outputs: Int)]
    private let layers: Int
    private let isTraining: Bool
    private let kinds: [Kind]

    fileprivate struct Kind {
        let dtype: DType
        /// By this package's products, which have no gradients of their own and are of float32.
        let isOwn: Bool
    }

    /// - Parameters:
    ///   - dtype: of the products.
    ///   - isTraining: with the two products of each layer's backward pass.
    init(_ config: ModelConfig, dtype: DType, isTraining: Bool) throws {
        let hidden = try config.int("hidden_size", default: nil, atLeast: 1)
        let intermediate = try config.int("intermediate_size", default: nil, atLeast: 1)
        // Query, key and value are one product.
        layer = [(hidden, 3 * hidden), (hidden, hidden), (hidden, intermediate), (intermediate, hidden)]
        layers = try config.int("num_hidden_layers", default: nil, atLeast: 1)
        let float32 = [false, true].map { Kind(dtype: .float32, isOwn: $0) }
        kinds = dtype == .float32 ? float32 : [Kind(dtype: dtype, isOwn: false)] + float32
        self.isTraining = isTraining
    }

    /// The products of one kind, to be timed.
    final class Products {
        private let limit: MatrixLimit
        private let kind: Kind
        private let weights: [Tensor]
        private var inputs: [Int: Tensor] = [:]
        private var results: [Int: Tensor] = [:]

        fileprivate init(_ limit: MatrixLimit, _ kind: Kind) {
            self.limit = limit
            self.kind = kind
            weights = (0..<limit.layers).flatMap { _ in
                limit.layer.map { Tensor.full([$0.outputs, $0.inputs], 0.01, dtype: kind.dtype) }
            }
        }

        private func rows(_ count: Int, _ width: Int) -> Tensor {
            let kept =
                inputs[width].flatMap { $0.shape[0] >= count ? $0 : nil }
                ?? Tensor.ones([count, width], dtype: kind.dtype)
            inputs[width] = kept
            return kept.narrow(0, 0, count)
        }

        private func multiply(
            _ a: Tensor, _ b: Tensor, transposesFirst: Bool = false, transposesSecond: Bool = false
        ) {
            let (first, second) = (transposesFirst ? a.transpose(0, 1) : a, transposesSecond ? b.transpose(0, 1) : b)
            guard kind.isOwn else {
                _ = first.matmul(second)
                return
            }
            let (count, width) = (first.shape[0], second.shape[1])
            let kept =
                results[width].flatMap { $0.shape[0] >= count ? $0 : nil } ?? Tensor.zeros([count, width])
            results[width] = kept
            kept.narrow(0, 0, count).setProduct(
                a, b, transposesFirst: transposesFirst, transposesSecond: transposesSecond)
        }

        /// Seconds for a batch of so many tokens.
        func seconds(tokens: Int) -> Double {
            // What they are of is there before the clock runs.
            for (inputs, outputs) in limit.layer { _ = (rows(tokens, inputs), rows(tokens, outputs)) }
            return ContinuousClock().measure {
                noGrad {
                    for weight in weights {
                        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
                        multiply(rows(tokens, inputs), weight, transposesSecond: true)
                        guard limit.isTraining else { continue }
                        multiply(rows(tokens, outputs), weight)
                        multiply(rows(tokens, outputs), rows(tokens, inputs), transposesFirst: true)
                    }
                }
            } / .seconds(1)
        }
    }

    /// Those of the kind that is fastest for so many tokens.
    func fastest(tokens: Int) -> Products {
        var candidates = kinds.map { Products(self, $0) }
        let times = candidates.map { candidate in (0..<3).map { _ in candidate.seconds(tokens: tokens) }.min() ?? 0 }
        let best = times.indices.min { times[$0] < times[$1] } ?? 0
        return candidates.remove(at: best)
    }
}

/// After each step runs its products alone: the machine may be a third faster a minute later, so that only what is
/// measured in turns can be compared.
final class LimitClock: TrainerCallback {
    private let limit: MatrixLimit
    private let tokens: () -> [Int]
    private let warmUp: Int
    private var products: MatrixLimit.Products?
    private let clock = ContinuousClock()
    private var resumed: ContinuousClock.Instant
    private var seconds = (steps: 0.0, products: 0.0)

    /// - Parameter tokens: of the batches so far.
    init(_ limit: MatrixLimit, warmUp: Int, tokens: @escaping () -> [Int]) {
        self.limit = limit
        self.warmUp = warmUp
        self.tokens = tokens
        resumed = clock.now
    }

    /// What the products take of a step.
    var share: Double { seconds.products / seconds.steps }

    func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) { tick(state.globalStep) }
    func onPredictionStep(_ state: TrainerState, done: Int, total: Int) { tick(done) }

    private func tick(_ step: Int) {
        let took = (clock.now - resumed) / .seconds(1)
        let count = tokens()[step - 1]
        let products = products ?? limit.fastest(tokens: count)
        self.products = products
        let least = products.seconds(tokens: count)
        if step > warmUp {
            seconds.steps += took
            seconds.products += least
        }
        resumed = clock.now
    }
}

/// Makes batches as another does, and remembers how many tokens each has.
final class CountingCollator: DataCollator {
    private let collator: any DataCollator
    private let counts = Mutex<[Int]>([])

    init(_ collator: any DataCollator) { self.collator = collator }

    var tokens: [Int] { counts.withLock { $0 } }

    func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        counts.withLock { $0.append(examples.reduce(0) { $0 + $1.inputIDs.count }) }
        return try collator(examples)
    }
}
