import SwiftletNN
import SwiftletTensor

/// The first token's state through a linear layer and tanh.
struct Pooler {
    let dense: Linear

    init(_ width: Int, in scope: Scope) { dense = Linear(width, width, in: scope / "dense") }

    /// `[batch, hidden]`
    func callAsFunction(_ first: Tensor) -> Tensor { dense(first).tanh() }
}
