/// Numbers with a shape, row-major.
public struct NumberArray: Sendable, Equatable {
    /// The elements, row by row.
    public let values: [Float]
    /// The length of each dimension, rows first.
    public let shape: [Int]

    /// - Parameters:
    ///   - values: the elements, row by row.
    ///   - shape: the length of each dimension; their product is the number of values.
    public init(_ values: [Float], shape: [Int]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
        self.values = values
        self.shape = shape
    }

    /// The position of the largest value of each row; the first one on a tie.
    ///
    /// - Parameter axis: the last axis, -1.
    public func argmax(axis: Int = -1) -> [Int] {
        precondition(axis == -1 || axis == shape.count - 1, "argmax is over the last axis, not axis \(axis)")
        let width = shape.last ?? 1
        return stride(from: 0, to: values.count, by: width).map { start in
            var best = 0
            for column in 1..<max(width, 1) where values[start + column] > values[start + best] { best = column }
            return best
        }
    }

    /// Row `index` of a `[rows, columns]` array.
    public subscript(row index: Int) -> ArraySlice<Float> {
        let width = shape.dropFirst().reduce(1, *)
        return values[index * width..<(index + 1) * width]
    }
}

/// What `computeMetrics` is given.
public struct EvalPrediction: Sendable {
    /// What the model answered: for classes one array, float32 `[rows, labels]`, for tokens `[rows, tokens, labels]`,
    /// for answers two, the logits of first and of last tokens, `[rows, tokens]` each. Rows of fewer tokens than the
    /// longest are filled up with -100, as in Python.
    public let outputs: [NumberArray]
    /// The label of each row; for tokens `[rows, tokens]`, -100 where there is none. For regression and several labels,
    /// see `labelValues`.
    public let labelIDs: [Int]
    /// The labels as numbers, `[rows]` or `[rows, labels]`; for answers `[rows, 2]`.
    public let labelValues: [Double]
    /// Token ids of each row, with `includeForMetrics` inputs.
    public var inputIDs: [[Int32]]?
    /// The loss of each row's batch, with `includeForMetrics` loss.
    public var losses: [Double]?
    /// Whether metrics are wanted now: false for all batches of an evaluation but the last with `batchEvalMetrics`, whose
    /// answers are left aside; Python's `compute_result`.
    public var computesResult = true

    /// The first of `outputs`.
    public var predictions: NumberArray { outputs.first ?? NumberArray([], shape: [0, 0]) }
}

/// What `predict` returns.
public struct PredictionOutput: Sendable {
    /// As in `EvalPrediction`.
    public let outputs: [NumberArray]
    /// `nil` for a dataset without labels; as in `EvalPrediction`.
    public let labelIDs: [Int]?
    /// `test_loss`, the metrics with `test_` before their names, and the speed.
    public let metrics: [(name: String, value: Double)]

    /// The first of `outputs`.
    public var predictions: NumberArray { outputs.first ?? NumberArray([], shape: [0, 0]) }
}

/// What `train` returns.
public struct TrainOutput: Sendable {
    /// Updates that were made.
    public let globalStep: Int
    /// Mean loss over the steps of this call.
    public let trainingLoss: Double
    /// What the run measured about itself, under Python's names: `train_runtime`, `train_loss` and others.
    public let metrics: [(name: String, value: Double)]
}
