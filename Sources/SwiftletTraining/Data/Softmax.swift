#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Numbers above 0 that sum to 1, in float32 as libtorch computes them.
package func softmax(_ logits: some Collection<Float>) -> [Float] { shares(logits) { exp($0) } }

/// Numbers above 0 that sum to 1, in float64.
package func softmax(_ logits: some Collection<Double>) -> [Double] { shares(logits) { exp($0) } }

/// Logarithms of numbers above 0 that sum to 1.
package func logSoftmax(_ logits: [Double]) -> [Double] {
    let top = logits.max() ?? 0
    let sum = logits.reduce(0) { $0 + exp($1 - top) }
    return logits.map { $0 - top - log(sum) }
}

/// A number between 0 and 1, in float32 as libtorch computes it.
package func sigmoid(_ logit: Float) -> Float { 1 / (1 + exp(-logit)) }

/// A number between 0 and 1, in float64.
package func sigmoid(_ logit: Double) -> Double { 1 / (1 + exp(-logit)) }

/// The largest logit counts as 0, so that no power is infinite.
private func shares<Number: BinaryFloatingPoint>(
    _ logits: some Collection<Number>, _ power: (Number) -> Number
) -> [Number] {
    let top = logits.max() ?? 0
    let weights = logits.map { power($0 - top) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
}
