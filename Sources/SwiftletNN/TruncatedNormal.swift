import SwiftletTensor

extension Linear {
    /// A layer whose fresh weight follows a rule of its own.
    public init(_ inputs: Int, _ outputs: Int, hasBias: Bool = true, initializer: Initializer, in scope: Scope) {
        weight = scope.parameter("weight", [outputs, inputs], initializer)
        bias = hasBias ? scope.parameter("bias", [outputs], .zeros) : nil
    }
}

extension Tensor {
    /// Normal with mean 0; what lies outside `limit` is drawn again, with a whole tensor of draws at a time, as libtorch's
    /// `trunc_normal_` does where it keeps most of them.
    func truncatedNormal_(deviation: Double, limit: Double) {
        normal_(mean: 0, std: deviation)
        let bound = Double(Float(limit))
        while true {
            let isOutside = abs().gt(bound)
            guard isOutside.any() else { return }
            let fresh = Tensor.zerosLike(self)
            fresh.normal_(mean: 0, std: deviation)
            copy_(.where(isOutside, fresh, self))
        }
    }
}
