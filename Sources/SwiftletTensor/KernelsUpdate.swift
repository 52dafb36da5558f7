import CTorchInterface

/// One parameter of a fused update: tensors of one shape, contiguous float32 on the CPU.
public struct FusedUpdate {
    /// What is updated, in place.
    public var parameter: Tensor
    /// Its gradient, of the same shape.
    public var gradient: Tensor
    /// The running mean of gradients, of the same shape; updated in place.
    public var expAvg: Tensor
    /// The running mean of squared gradients, of the same shape; updated in place.
    public var expAvgSq: Tensor
    /// Updates before this one, float32 `[]`; it is raised.
    public var step: Tensor
    /// The learning rate.
    public var lr: Double
    /// Share of the weight that is taken off, times the learning rate.
    public var weightDecay: Double
    /// Of an embedding table.
    public var rows: RowGradient?

    /// One parameter's part in an update.
    ///
    /// - Parameters:
    ///   - parameter: float32, dense; updated in place, as are both means and `step`.
    ///   - gradient: of the parameter's shape; it stays as it is.
    ///   - expAvg: the running mean of gradients.
    ///   - expAvgSq: the running mean of squared gradients.
    ///   - step: updates before this one, float32 `[]`.
    ///   - lr: the learning rate.
    ///   - weightDecay: share of the weight that is taken off, times the learning rate.
    ///   - rows: of an embedding table, which rows have had gradients.
    public init(
        parameter: Tensor, gradient: Tensor, expAvg: Tensor, expAvgSq: Tensor, step: Tensor, lr: Double,
        weightDecay: Double, rows: RowGradient? = nil
    ) {
        self.parameter = parameter
        self.gradient = gradient
        self.expAvg = expAvg
        self.expAvgSq = expAvgSq
        self.step = step
        self.lr = lr
        self.weightDecay = weightDecay
        self.rows = rows
    }
}

/// Gradient norm, clipping and one AdamW update of all parameters, in place and with one pass over their memory.
///
/// The gradients themselves stay as they are: scaling happens while they are read. Rows of an embedding table that have
/// never had a gradient are left out where the update would not change them.
///
/// - Returns: the common norm of the gradients, before clipping to `maxNorm`.
public func fusedClipAdamW(
    _ updates: [FusedUpdate], maxNorm: Double, beta1: Double, beta2: Double, eps: Double
) -> Double {
    if updates.isEmpty { return 0 }
    var norm = Double.nan
    perform("fusedClipAdamW", updates.map(\.parameter)) {
        withExtendedLifetime(updates) {
            let codes = updates.map {
                ct_update(
                    parameter: $0.parameter.handle, gradient: $0.gradient.handle, average: $0.expAvg.handle,
                    square_average: $0.expAvgSq.handle, step: $0.step.handle, learning_rate: $0.lr,
                    weight_decay: $0.weightDecay, rows: $0.rows?.handle)
            }
            return ct_fused_update(codes, Int32(codes.count), maxNorm, beta1, beta2, eps, &norm)
        }
    }
    return norm
}
