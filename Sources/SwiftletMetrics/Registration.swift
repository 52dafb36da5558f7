public import SwiftletIO
internal import Synchronization

/// What a metric of yours is called with: all rows that were added.
public struct MetricRows: Sendable {
    /// The configuration it was loaded with.
    public let config: String?
    /// The predictions of all batches, one for each row, in the order in which they were added.
    public let predictions: MetricColumn
    /// The references of all batches, as many as there are predictions and in the same order.
    public let references: MetricColumn
    /// A weight for each row, where some were given.
    public let sampleWeight: [Double]?
    /// The options of this call.
    public let options: [MetricOption]

    /// The value of an option of yours, which was given as `.argument(name, json)` or in `--metric-args`.
    ///
    /// - Returns: `nil` where it wasn't given.
    /// - Throws: `MetricError` where it is no JSON.
    public func argument(_ name: String) throws(MetricError) -> JSONValue? {
        for case .argument(let key, let text) in options.reversed() where key.isSame(as: name) {
            do { return try JSONValue(parsing: text) } catch {
                throw MetricError(
                    "The option '\(name)' is no JSON: \(error)",
                    remedy: "Give .argument(\"\(name)\", ...) a value such as 0.5, true or \"text\".",
                    at: ErrorLocation(option: name))
            }
        }
        return nil
    }
}

extension MetricColumn {
    /// Class indices: integers, or numbers that are whole.
    /// - Throws: `MetricError` for other values.
    public func ints() throws(MetricError) -> [Int] { try ints("the column") }

    /// Numbers.
    /// - Throws: `MetricError` for other values.
    public func doubles() throws(MetricError) -> [Double] { try doubles("the column") }

    /// Texts.
    /// - Throws: `MetricError` for other values.
    public func strings() throws(MetricError) -> [String] { try strings("the column") }

    /// Rows of numbers, shape `[rows, values]`.
    /// - Throws: `MetricError` for other values.
    public func doubleRows() throws(MetricError) -> [[Double]] { try doubleRows("the column") }

    /// Rows of texts, such as tags.
    /// - Throws: `MetricError` for other values.
    public func stringRows() throws(MetricError) -> [[String]] { try stringRows("the column") }

    /// These rows and then those of `other`.
    func appending(_ other: MetricColumn, _ name: String) throws(MetricError) -> MetricColumn {
        switch (self, other) {
        case (.ints(let left), .ints(let right)): return .ints(left + right)
        case (.ints, .doubles), (.doubles, .ints), (.doubles, .doubles):
            return .doubles(try doubles(name) + other.doubles(name))
        case (.strings(let left), .strings(let right)): return .strings(left + right)
        case (.lists(let left), .lists(let right)): return .lists(left + right)
        case (.records(let left), .records(let right)): return .records(left + right)
        default:
            throw .format(name, expected: kind, got: other.kind, remedy: "Give every batch the same kind of values.")
        }
    }
}

extension Evaluate {
    /// Makes a metric of yours known by name: `load`, `combine`, the tasks and `--metric` of a program that registers it
    /// find it from then on. A name that was registered before is replaced.
    ///
    ///     try Evaluate.register("mean_length") { rows in
    ///         let texts = try rows.predictions.strings()
    ///         return ["mean_length": Double(texts.joined().count) / Double(texts.count)]
    ///     }
    ///
    /// - Parameters:
    ///   - name: not one of the metrics that are here already.
    ///   - configs: names of configurations, of which `load` takes one or none.
    ///   - options: names of the options that it heeds, as in Python: those of `MetricOption`, and names of yours, which
    ///     are given as `.argument`.
    ///   - takes: what tasks and the `Trainer` give it of a model's answers.
    ///   - compute: makes scores of all rows. Bootstrap intervals are made of its numbers by calling it again.
    /// - Throws: `MetricError` for a name that is taken.
    public static func register(
        _ name: String, configs: [String] = [], options: Set<String> = [], takes: MetricPredictions = .classes,
        _ compute: @escaping @Sendable (MetricRows) throws -> MetricValues
    ) throws(MetricError) {
        guard !name.unicodeScalars.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else {
            throw MetricError(
                "A metric can't be named '\(name)'", remedy: "Give a name without a slash.",
                at: ErrorLocation(option: "name"))
        }
        guard !isBuiltIn(name) else {
            throw MetricError(
                "There is a metric named '\(name)' already", remedy: "Give yours another name.",
                at: ErrorLocation(option: "name"))
        }
        let metric = RegisteredMetric(configs: configs, options: options, takes: takes, compute: compute)
        registered.withLock { $0[TextKey(name)] = metric }
    }

    /// Whether a metric that was registered heeds an option of this name.
    static func hasArgument(_ name: String) -> Bool {
        registered.withLock { $0.values.contains { $0.options.contains(text: name) } }
    }

    static let registered = Mutex<[TextKey: RegisteredMetric]>([:])
}

/// A metric from outside.
struct RegisteredMetric: Sendable {
    var configs: [String]
    var options: Set<String>
    var takes: MetricPredictions
    var compute: @Sendable (MetricRows) throws -> MetricValues
}

/// The rows of a metric from outside, which it gets all at once.
struct RegisteredState: MetricState {
    let name: String
    let config: String?
    let metric: RegisteredMetric
    private var predictions: MetricColumn?
    private var references: MetricColumn?
    private var weights: [Double] = []
    private var hasWeights = false

    init(_ name: String, _ config: String?, _ metric: RegisteredMetric) {
        self.name = name
        self.config = config
        self.metric = metric
    }

    var options: Set<String> { metric.options }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        let predictions = try self.predictions?.appending(batch.predictions, "predictions") ?? batch.predictions
        references = try references?.appending(batch.references, "references") ?? batch.references
        self.predictions = predictions
        weights += batch.weights ?? [Double](repeating: 1, count: batch.predictions.count)
        if batch.weights != nil { hasWeights = true }
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        guard let predictions, let references else { throw MetricError.empty }
        do {
            return try metric.compute(
                MetricRows(
                    config: config, predictions: predictions, references: references,
                    sampleWeight: hasWeights ? weights : nil, options: options.given))
        } catch let error as MetricError {
            throw error
        } catch {
            throw MetricError(
                "The metric '\(name)' failed: \(error)", remedy: "See the function that was registered for it.",
                kind: .format)
        }
    }

    var groups: [Int]? { predictions.map { [Int](repeating: 1, count: $0.count) } }

    func taking(_ counts: [Int]) -> RegisteredState {
        var state = self
        func repeated(_ column: MetricColumn?) -> MetricColumn? {
            switch column {
            case .ints(let values): .ints(values.repeated(counts))
            case .doubles(let values): .doubles(values.repeated(counts))
            case .strings(let values): .strings(values.repeated(counts))
            case .lists(let values): .lists(values.repeated(counts))
            case .records(let values): .records(values.repeated(counts))
            case nil: nil
            }
        }
        state.predictions = repeated(predictions)
        state.references = repeated(references)
        state.weights = weights.repeated(counts)
        return state
    }
}
