import Swiftlet
import Synchronization

/// What a step can't be faster than: the products of the linear layers alone, on real tokens, at the rate that libtorch
/// reaches for these shapes in this process. Attention's own products, 2% at MRPC's lengths, are left out, which makes
/// the limit stricter. Those of bfloat16 run as such or as float32, whichever is faster here.
struct MatrixLimit {
    private let hidden: Int
    private let intermediate: Int
    private let layers: Int
    private let dtypes: [DType]

    /// - Parameter dtype: of the products.
    init(_ config: ModelConfig, dtype: DType = .float32) throws {
        dtypes = dtype == .float32 ? [dtype] : [dtype, .float32]
        hidden = try config.int("hidden_size", default: nil, atLeast: 1)
        intermediate = try config.int("intermediate_size", default: nil, atLeast: 1)
        layers = try config.int("num_hidden_layers", default: nil, atLeast: 1)
    }

    /// Seconds for all batches: those of a few of them, evenly spread, in the fastest of a few passes.
    ///
    /// - Parameters:
    ///   - tokens: tokens of each batch.
    ///   - isTraining: with the two products of each layer's backward pass.
    func seconds(tokens: [Int], isTraining: Bool, passes: Int = 2) -> Double {
        dtypes.map { seconds(tokens, isTraining, passes, $0) }.min() ?? 0
    }

    private func seconds(_ all: [Int], _ isTraining: Bool, _ passes: Int, _ dtype: DType) -> Double {
        let count = min(all.count, 8)
        let tokens = (0..<count).map { all[$0 * all.count / count] }
        let part = Double(tokens.reduce(0, +)) / Double(max(all.reduce(0, +), 1))
        // Query, key and value are one product.
        let layer = [(hidden, 3 * hidden), (hidden, hidden), (hidden, intermediate), (intermediate, hidden)]
        let most = tokens.max() ?? 0
        let inputs = Dictionary(
            uniqueKeysWithValues: Set(layer.flatMap { [$0.0, $0.1] }).map { ($0, Tensor.ones([most, $0], dtype: dtype)) })
        let weights = (0..<layers).map { _ in layer.map { Tensor.full([$0.1, $0.0], 0.01, dtype: dtype) } }
        let clock = ContinuousClock()
        let times = (0..<passes).map { _ in
            clock.measure {
                noGrad {
                    for count in tokens {
                        func rows(_ width: Int) -> Tensor { inputs[width]!.narrow(0, 0, count) }
                        for weight in weights.joined() {
                            let (outputs, width) = (weight.shape[0], weight.shape[1])
                            _ = rows(width).matmul(weight.transpose(0, 1))
                            guard isTraining else { continue }
                            _ = rows(outputs).matmul(weight)
                            _ = rows(outputs).transpose(0, 1).matmul(rows(width))
                        }
                    }
                }
            }
        }
        return part > 0 ? (times.min() ?? .zero) / .seconds(1) / part : 0
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
