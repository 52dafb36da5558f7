internal import SwiftletIO

/// A score of class predictions.
enum LabelScore: Sendable {
    case accuracy
    /// The plain mean of GLUE's script, which is NaN for no rows where `accuracy` is an error.
    case glueAccuracy
    case set(SetScore, default: Average = .binary)
    case matthews
    case confusionMatrix

    var key: String {
        switch self {
        case .accuracy, .glueAccuracy: "accuracy"
        case .set(let score, _): score.rawValue
        case .matthews: "matthews_correlation"
        case .confusionMatrix: "confusion_matrix"
        }
    }
}

/// Metrics of one class a row.
struct LabelState: MetricState {
    let scores: [LabelScore]
    let options: Set<String>
    private var counts = LabelCounts()

    init(_ scores: [LabelScore], options: Set<String> = []) {
        self.scores = scores
        self.options = options
    }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        let predictions = try batch.predictions.ints("predictions")
        let references = try batch.references.ints("references")
        counts.add(predictions, references, batch.weights)
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        var values = MetricValues()
        for score in scores {
            if counts.rows == 0 {
                guard case .glueAccuracy = score else { throw MetricError.empty }
                values.warnings.append("Mean of empty slice")
            }
            if case .matthews = score, counts.labels.count == 1 { values.warnings.append(Self.singleLabel) }
            let value: MetricValue =
                switch score {
                case .accuracy: .number(counts.accuracy(normalize: options.normalize))
                case .glueAccuracy: .number(counts.accuracy())
                case .matthews: .number(counts.matthews())
                case .confusionMatrix: try counts.confusionMatrix(options, &values.warnings)
                case .set(let score, let average):
                    try Self.value(of: score, options.average ?? average, counts, options, &values.warnings)
                }
            values.set(score.key, value)
        }
        return values
    }

    static let singleLabel =
        "A single label was found in 'y_true' and 'y_pred'. The correlation is ill-defined and being set to 0.0."

    static func value(
        of score: SetScore, _ average: Average, _ counts: LabelCounts, _ options: MetricOptions,
        _ warnings: inout [String]
    ) throws(MetricError) -> MetricValue {
        let present = counts.labels
        var labels = options.labels ?? present
        switch average {
        case .binary:
            guard present.count <= 2 else {
                throw MetricError(
                    "Target is multiclass but average='binary'. Please choose another average setting, one of "
                        + "[None, 'micro', 'macro', 'weighted'].",
                    remedy: "Give compute .average(.macro), .average(.micro), .average(.weighted) or, for a score of "
                        + "each class, .average(.perLabel).",
                    commandLine: "Give --metric \(score.rawValue)/macro, or another metric for more than two classes.",
                    kind: .format, at: ErrorLocation(column: "references", option: "average"))
            }
            guard present.count < 2 || present.contains(options.posLabel) else {
                throw MetricError(
                    "pos_label=\(options.posLabel) is not a valid label. It should be one of "
                        + "[\(present.map(String.init).joined(separator: " "))]",
                    remedy: "Name the positive class with .posLabel.",
                    commandLine: "Number the classes 0 and 1, or give --metric accuracy.", kind: .format,
                    at: ErrorLocation(option: "pos_label"))
            }
            labels = [options.posLabel]
        case .samples:
            throw .option(
                "average", "Samplewise metrics are not available outside of multilabel classification.",
                remedy: "Give lists of 0 and 1 for each row, or another average.",
                commandLine: "Give another average, such as --metric \(score.rawValue)/macro.")
        default:
            if options.posLabel != 1 {
                warnings.append(
                    "Note that pos_label (set to \(options.posLabel)) is ignored when average != 'binary' (got "
                        + "'\(average.rawValue)'). You may use labels=[pos_label] to specify a single positive class.")
            }
        }
        return score.value(
            counts.sets(labels), average: average, zeroDivision: options.zeroDivision, &warnings)
    }

    var groups: [Int]? { counts.isWeighted ? nil : counts.sortedPairs.map { counts.cells[$0]?.rows ?? 0 } }

    func taking(_ counts: [Int]) -> LabelState {
        var state = self
        state.counts = self.counts.taking(counts)
        return state
    }
}
