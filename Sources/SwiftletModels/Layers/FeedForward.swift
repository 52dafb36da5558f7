public import SwiftletNN
public import SwiftletTensor

/// The second half of a layer, up to its dropout: each token's state by itself.
public protocol FeedForward {
    /// `[..., hidden]` to the same
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// A linear layer, an activation and a linear layer.
public struct PlainFeedForward: FeedForward {
    let input: Linear
    let activation: Activation
    let output: Linear

    /// - Parameters:
    ///   - input: `[hidden]` to `[intermediate]`.
    ///   - activation: of its results.
    ///   - output: `[intermediate]` to `[hidden]`.
    public init(_ input: Linear, _ activation: Activation, output: Linear) {
        self.input = input
        self.activation = activation
        self.output = output
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { output(activation(input(x))) }
}

/// The activation of one projection multiplied with another, dropout, and a linear layer: Shazeer, "GLU Variants Improve
/// Transformer", 2020.
public struct GatedFeedForward: FeedForward {
    /// Where the two factors come from.
    public enum Input {
        /// One projection to both, the one that is activated first.
        case gateThenUp(Linear)
        /// One projection to both, the one that is activated last.
        case upThenGate(Linear)
        /// `gate` is activated.
        case separate(gate: Linear, up: Linear)
    }

    let input: Input
    let activation: Activation
    let dropout: Dropout?
    let output: Linear

    /// - Parameters:
    ///   - input: the two factors, `[hidden]` to `[intermediate]` each.
    ///   - activation: of the gate.
    ///   - dropout: of the product.
    ///   - output: `[intermediate]` to `[hidden]`.
    public init(_ input: Input, _ activation: Activation, dropout: Dropout? = nil, output: Linear) {
        self.input = input
        self.activation = activation
        self.dropout = dropout
        self.output = output
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let product =
            switch input {
            case .separate(let gate, let up): activation(gate(x)) * up(x)
            case .gateThenUp(let both): halves(both(x)) { activation($0) * $1 }
            case .upThenGate(let both): halves(both(x)) { activation($1) * $0 }
            }
        return output(dropout?(product) ?? product)
    }

    private func halves(_ x: Tensor, _ combine: (Tensor, Tensor) -> Tensor) -> Tensor {
        let width = (x.shape.last ?? 0) / 2
        return combine(x.narrow(-1, 0, width), x.narrow(-1, width, width))
    }
}
