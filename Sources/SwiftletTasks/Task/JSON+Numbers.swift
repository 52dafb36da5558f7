import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension JSONValue {
    /// A float32 in its shortest form.
    static func number(_ value: Float) -> JSONValue { .double(Double("\(value)") ?? Double(value)) }

    static func numbers(_ values: some Sequence<Float>) -> JSONValue { .array(values.map { .number($0) }) }
}

/// Numbers above 0 that sum to 1, in float32 as libtorch computes them.
func softmax(_ logits: some Collection<Float>) -> [Float] {
    let top = logits.max() ?? 0
    let weights = logits.map { exp($0 - top) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
}

/// A number between 0 and 1.
func sigmoid(_ logit: Float) -> Float { 1 / (1 + exp(-logit)) }

/// Logarithms of numbers above 0 that sum to 1.
package func logSoftmax(_ logits: [Double]) -> [Double] {
    let top = logits.max() ?? 0
    let sum = logits.reduce(0) { $0 + exp($1 - top) }
    return logits.map { $0 - top - log(sum) }
}
