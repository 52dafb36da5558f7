internal import SwiftletIO
internal import Synchronization

/// A metric by name, as `Evaluate.load` returns it.
///
/// Either everything at once, with `compute(predictions:references:)`, or batch by batch, with `addBatch` and then
/// `compute()`, which empties it. Most metrics keep counts or sums, not the batches. A metric can be used from several
/// threads, whose batches all count.
public final class Metric: Sendable {
    /// The metric's name in `evaluate`, such as `f1` or `glue`, by which `Evaluate.load` found it.
    public let name: String
    /// The configuration it was loaded with, such as `mrpc` of `glue`; `nil` for a metric without one.
    public let config: String?
    /// What `with` set.
    let presets: [MetricOption]
    let empty: any MetricState
    private let contents: Mutex<Contents>

    private struct Contents {
        var state: any MetricState
        var isUsed = false
    }

    init(_ name: String, _ config: String?, _ state: any MetricState, presets: [MetricOption] = []) {
        self.name = name
        self.config = config
        self.presets = presets
        empty = state
        contents = Mutex(Contents(state: state))
    }

    /// What tells this metric from others of the same name: its config, or how scores of classes become one.
    package var variant: String? {
        for preset in presets {
            switch preset {
            case .average(let average): return average.rawValue
            case .multiClass(let way): return way.rawValue
            default: continue
            }
        }
        return config
    }

    /// This metric, empty, with options that hold for every `compute`.
    ///
    /// Metrics that keep counts rather than rows have to know some options before the first batch: how texts are
    /// compared, how tags are read, that there will be a bootstrap. `compute` says so if it is told too late.
    public func with(_ options: MetricOption...) throws(MetricError) -> Metric {
        try check(options)
        return Metric(name, config, empty, presets: presets + options)
    }

    private func check(_ options: [MetricOption]) throws(MetricError) {
        for option in options where option.name != "strategy" && !empty.options.contains(option.name) {
            throw MetricError(
                "'\(name)' takes no option '\(option.name)'",
                remedy: empty.options.isEmpty
                    ? "It has no options." : "It has: \(empty.options.sorted().joined(separator: ", ")).",
                at: ErrorLocation(option: option.name))
        }
    }

    /// Scores `predictions`, together with what `add` and `addBatch` took before, and empties the metric.
    ///
    /// - Parameters:
    ///   - predictions: what the metric is about: class indices, scores, numbers, texts or tags.
    ///   - sampleWeight: a weight for each row, where the metric has weights.
    ///   - options: the named arguments of Python's `compute`, such as `.average(.macro)`.
    public func compute<P: MetricElement, R: MetricElement>(
        predictions: [P], references: [R], sampleWeight: [Double]? = nil, _ options: MetricOption...
    ) throws(MetricError) -> MetricValues {
        try compute(P.column(predictions), R.column(references), sampleWeight, options)
    }

    /// `compute(predictions:references:)` under the name that `roc_auc` has for its input.
    public func compute<P: MetricElement, R: MetricElement>(
        predictionScores: [P], references: [R], sampleWeight: [Double]? = nil, _ options: MetricOption...
    ) throws(MetricError) -> MetricValues {
        try compute(P.column(predictionScores), R.column(references), sampleWeight, options)
    }

    /// `compute(predictions:references:)` for metrics that look at the texts which were rewritten too, `sari` and
    /// `wiki_split`.
    public func compute<P: MetricElement, R: MetricElement>(
        sources: [String], predictions: [P], references: [R], _ options: MetricOption...
    ) throws(MetricError) -> MetricValues {
        try compute(P.column(predictions), R.column(references), nil, options, sources: .strings(sources))
    }

    /// `mahalanobis` of points, shape `[points, dimensions]`.
    public func compute(X points: [[Double]], _ options: MetricOption...) throws(MetricError) -> MetricValues {
        let column = [Double].column(points)
        return try compute(column, column, nil, options)
    }

    /// `perplexity` of texts from the loss of each, or from the losses of the tokens of each: negative natural
    /// logarithms of probabilities.
    public func compute<L: MetricElement>(losses: [L]) throws(MetricError) -> MetricValues {
        try compute(L.column(losses), L.column(losses), nil, [])
    }

    /// Scores all that was added and empties the metric.
    public func compute(_ options: MetricOption...) throws(MetricError) -> MetricValues {
        try compute(nil, nil, nil, options)
    }

    func compute(
        _ predictions: MetricColumn?, _ references: MetricColumn?, _ weights: [Double]?, _ options: [MetricOption],
        sources: MetricColumn? = nil
    ) throws(MetricError) -> MetricValues {
        try check(options)
        let options = MetricOptions(presets + options)
        let state = try contents.withLock { contents throws(MetricError) in
            if let predictions, let references {
                try add(predictions, references, weights, options, sources, to: &contents)
            }
            guard contents.isUsed else {
                throw MetricError(
                    "Evaluation module cache file doesn't exist. Please make sure that you call `add` or `add_batch` "
                        + "at least once before calling `compute`.",
                    remedy: "Here they are `add` and `addBatch`, or give `compute` predictions and references.",
                    commandLine: "Give a split that has rows.", kind: .empty, at: ErrorLocation(column: "predictions"))
            }
            let state = contents.state
            contents.state = empty
            contents.isUsed = false
            return state
        }
        var values = try state.compute(options)
        if let bootstrap = options.bootstrap, !(state is CombinedState) {
            try values.addIntervals(of: state, bootstrap, options)
        }
        return values
    }

    /// Takes a batch in. On an error the metric is as it was.
    public func addBatch<P: MetricElement, R: MetricElement>(
        predictions: [P], references: [R], sampleWeight: [Double]? = nil
    ) throws(MetricError) {
        try addBatch(
            predictions: P.column(predictions), references: R.column(references), sampleWeight: sampleWeight)
    }

    /// `addBatch` for columns whose type is known at run time only.
    public func addBatch(
        predictions: MetricColumn, references: MetricColumn, sampleWeight: [Double]? = nil
    ) throws(MetricError) {
        try contents.withLock { contents throws(MetricError) in
            try add(predictions, references, sampleWeight, MetricOptions(presets), nil, to: &contents)
        }
    }

    /// `addBatch` for metrics that look at the texts which were rewritten too.
    public func addBatch<P: MetricElement, R: MetricElement>(
        sources: [String], predictions: [P], references: [R]
    ) throws(MetricError) {
        try contents.withLock { contents throws(MetricError) in
            try add(
                P.column(predictions), R.column(references), nil, MetricOptions(presets), .strings(sources),
                to: &contents)
        }
    }

    /// `addBatch` for `mahalanobis`.
    public func addBatch(X points: [[Double]]) throws(MetricError) {
        try addBatch(predictions: points, references: points)
    }

    /// `addBatch` for `perplexity`.
    public func addBatch<L: MetricElement>(losses: [L]) throws(MetricError) {
        try addBatch(predictions: losses, references: losses)
    }

    /// `compute(losses:)` for the logarithms of probabilities themselves.
    public func compute(logLikelihoods: [[Double]]) throws(MetricError) -> MetricValues {
        try compute(losses: logLikelihoods.map { $0.map { -$0 } })
    }

    /// Takes one row in.
    public func add<P: MetricElement, R: MetricElement>(prediction: P, reference: R) throws(MetricError) {
        try addBatch(predictions: [prediction], references: [reference])
    }

    private func add(
        _ predictions: MetricColumn, _ references: MetricColumn, _ weights: [Double]?, _ options: MetricOptions,
        _ sources: MetricColumn?, to contents: inout Contents
    ) throws(MetricError) {
        guard predictions.count == references.count else {
            throw MetricError.mismatch(predictions.count, references.count)
        }
        if let weights {
            guard weights.count == references.count else {
                throw MetricError(
                    "Found input variables with inconsistent numbers of samples: "
                        + "[\(references.count), \(predictions.count), \(weights.count)]",
                    remedy: "Give one sample weight for each row.", kind: .countMismatch,
                    at: ErrorLocation(option: "sample_weight"))
            }
            if let row = weights.firstIndex(where: { !$0.isFinite }) {
                throw MetricError(
                    "Input sample_weight contains NaN.", remedy: "Give each row a finite weight.", kind: .format,
                    at: ErrorLocation(row: row, option: "sample_weight"))
            }
        }
        if let sources, sources.count != references.count {
            throw MetricError(
                "Sources length must match predictions and references lengths: there are \(sources.count) sources and "
                    + "\(references.count) references", remedy: "Give one source for each row.", kind: .countMismatch,
                at: ErrorLocation(column: "sources"))
        }
        try contents.state.add(
            MetricBatch(
                predictions: predictions, references: references, sources: sources, weights: weights, options: options))
        contents.isUsed = true
    }
}
