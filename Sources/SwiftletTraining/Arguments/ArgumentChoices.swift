/// When something happens during training.
public enum IntervalStrategy: String, Sendable, CaseIterable {
    case no
    case steps
    case epoch
}

/// When checkpoints are written.
public enum SaveStrategy: String, Sendable, CaseIterable {
    case no
    case steps
    case epoch
    /// After each evaluation that was the best so far.
    case best
}

/// The optimizers by the names of `optim`.
public enum OptimizerName: String, Sendable, CaseIterable {
    case adamwTorchFused = "adamw_torch_fused"
    /// The same update as `adamw_torch_fused`.
    case adamwTorch = "adamw_torch"
    case adam
    case adafactor
    case sgd
    case adagrad
    case rmsprop
    case lion = "lion_32bit"
}

/// The order in which training rows are taken.
public enum SamplingStrategy: String, Sendable, CaseIterable {
    case random
    case sequential
    /// Rows of like length together, against padding.
    case groupByLength = "group_by_length"
}

/// What `computeMetrics` may be given beside predictions and labels.
public enum MetricInclude: String, Sendable, CaseIterable {
    case inputs
    case loss
}
