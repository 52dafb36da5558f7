/// When something happens during training.
public enum IntervalStrategy: String, Sendable, CaseIterable {
    /// Never.
    case no
    /// Every so many updates.
    case steps
    /// At the end of each epoch.
    case epoch
}

/// When checkpoints are written.
public enum SaveStrategy: String, Sendable, CaseIterable {
    /// Never.
    case no
    /// Every `saveSteps` updates.
    case steps
    /// At the end of each epoch.
    case epoch
    /// After each evaluation that was the best so far.
    case best
}

/// The optimizers by the names of `optim`.
public enum OptimizerName: String, Sendable, CaseIterable {
    /// AdamW with decoupled weight decay, computed by libtorch's fused kernel; Python's default.
    case adamwTorchFused = "adamw_torch_fused"
    /// AdamW too: the same update as `adamw_torch_fused`.
    case adamwTorch = "adamw_torch"
    /// Adam: weight decay is added to the gradient, and not to the weight.
    case adam
    /// Adafactor (Shazeer and Stern, 2018): second moments by rows and columns.
    case adafactor
    /// Stochastic gradient descent; `optimArgs` may give momentum, dampening and Nesterov's form.
    case sgd
    /// Adagrad (Duchi et al., 2011).
    case adagrad
    /// RMSprop (Hinton, 2012).
    case rmsprop
    /// Lion (Chen et al., 2023), with state in float32.
    case lion = "lion_32bit"
}

/// The order in which training rows are taken.
public enum SamplingStrategy: String, Sendable, CaseIterable {
    /// In a new random order each epoch, from `dataSeed` or `seed`.
    case random
    /// As they stand in the dataset.
    case sequential
    /// Rows of like length together, against padding.
    case groupByLength = "group_by_length"
}

/// What `computeMetrics` may be given beside predictions and labels.
public enum MetricInclude: String, Sendable, CaseIterable {
    /// The model's inputs, for `EvalPrediction.inputs`.
    case inputs
    /// The loss of each row, for `EvalPrediction.losses`.
    case loss
}
