internal import SwiftletIO

/// ROC AUC and average precision for two classes, several classes and several labels. Keeps the rows, since a curve
/// needs all scores.
struct RankingState: MetricState {
    enum Kind: String, Sendable {
        case rocAUC = "roc_auc"
        case averagePrecision = "average_precision"
    }

    let kind: Kind
    private var scores: [[Double]] = []
    private var labels: [[Int]] = []
    private var weights: [Double] = []
    private var hasWeights = false

    init(_ kind: Kind) { self.kind = kind }

    var options: Set<String> {
        kind == .rocAUC ? ["average", "max_fpr", "multi_class", "labels"] : ["average", "pos_label", "labels"]
    }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        let scores = try RegressionState.rows(batch.predictions, "predictions")
        let labels: [[Int]]
        if case .lists = batch.references {
            labels = try batch.references.intRows("references")
        } else {
            labels = try batch.references.ints("references").map { [$0] }
        }
        for (row, values) in scores.enumerated() {
            try RegressionState.checkFinite(values, "predictions", row: self.scores.count + row)
        }
        let width = (self.scores.first ?? scores.first)?.count
        let labelWidth = (self.labels.first ?? labels.first)?.count
        guard scores.allSatisfy({ $0.count == width }), labels.allSatisfy({ $0.count == labelWidth }),
            labelWidth == 1 || labelWidth == width
        else {
            throw .input(
                "predictions", "Every row needs the same number of scores and of labels",
                remedy: "Give one score a row, one for each class, or as many scores as there are labels.",
                commandLine: "Give another --metric, such as accuracy.", kind: .countMismatch)
        }
        if batch.weights != nil { hasWeights = true }
        weights += batch.weights ?? [Double](repeating: 1, count: scores.count)
        self.scores += scores
        self.labels += labels
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        guard let width = scores.first?.count, let labelWidth = labels.first?.count else { throw MetricError.empty }
        var values = MetricValues()
        let value: MetricValue
        if kind == .averagePrecision, options.labels != nil, labelWidth > 1 || width <= 2 {
            throw .invalid("labels", "left out where there aren't several classes", "\(options.labels ?? [])")
        }
        if labelWidth > 1 {
            for row in labels where row.contains(where: { $0 != 0 && $0 != 1 }) {
                throw .input(
                    "references", "multiclass-multioutput format is not supported",
                    remedy: "Give labels that are 0 or 1.",
                    commandLine: "Give another --metric: this one is for rows with several labels.")
            }
            value = try averaged(labels.map { $0.map { $0 == 1 } }, options, &values.warnings)
        } else {
            let classes = Set(labels.map { $0[0] }).sorted()
            if classes.count > 2 || (width > 2 && (kind == .rocAUC || options.labels != nil)) {
                value = try multiClass(classes, width, options, &values.warnings)
            } else {
                value = .number(try binary(classes, width, options, &values.warnings))
            }
        }
        values.set(kind.rawValue, value)
        return values
    }

    private func binary(
        _ classes: [Int], _ width: Int, _ options: MetricOptions, _ warnings: inout [String]
    ) throws(MetricError) -> Double {
        guard width == 1 else {
            throw .input(
                "predictions", "y should be a 1d array, got an array of shape (\(scores.count), \(width)) instead.",
                remedy: "For two classes give the score of the positive one.",
                commandLine: "Give another --metric, such as accuracy.")
        }
        let scores = scores.map { $0[0] }
        let weights = hasWeights ? weights : nil
        if kind == .averagePrecision {
            guard classes.count < 2 || classes.contains(options.posLabel) else {
                throw .option(
                    "pos_label",
                    "pos_label=\(options.posLabel) is not a valid label. It should be one of "
                        + "[\(classes.map(String.init).joined(separator: " "))]", remedy: "Give .posLabel one of these."
                )
            }
            return RankingCurve.averagePrecision(
                scores, labels.map { $0[0] == options.posLabel }, weights, &warnings)
        }
        return RankingCurve.rocAUC(
            scores, labels.map { classes.count == 2 && $0[0] == classes[1] }, weights,
            maxFPR: try checked(options.maxFPR), &warnings)
    }

    private func checked(_ maxFPR: Double?) throws(MetricError) -> Double? {
        guard let maxFPR else { return nil }
        if maxFPR > 0, maxFPR <= 1 { return maxFPR }
        throw .option(
            "max_fpr", "Expected max_fpr in range (0, 1], got: \(maxFPR)", remedy: "Give .maxFPR a share such as 0.1.")
    }

    private func multiClass(
        _ present: [Int], _ width: Int, _ options: MetricOptions, _ warnings: inout [String]
    ) throws(MetricError) -> MetricValue {
        let classes = options.labels ?? present
        if kind == .rocAUC {
            guard let multiClass = options.multiClass else {
                throw MetricError(
                    "multi_class must be in ('ovo', 'ovr')",
                    remedy: "There are more than two classes: give .multiClass(.ovr) or .multiClass(.ovo).",
                    commandLine: #"There are more than two classes: give --metric-args '{"multi_class": "ovr"}'."#,
                    at: ErrorLocation(option: "multi_class"))
            }
            guard options.maxFPR == nil || options.maxFPR == 1 else {
                throw .option(
                    "max_fpr",
                    "Partial AUC computation not available in multiclass setting, 'max_fpr' must be set to `None`, "
                        + "received `max_fpr=\(options.maxFPR ?? 1)` instead", remedy: "Leave out .maxFPR.",
                    commandLine: "Leave out \"max_fpr\".")
            }
            guard classes == Set(classes).sorted() else {
                throw .option(
                    "labels", "Parameter 'labels' must be unique and ordered",
                    remedy: "Name each class once, in the order of the columns.")
            }
            guard Set(present).isSubset(of: classes) else {
                throw .option(
                    "labels", "'y_true' contains labels not in parameter 'labels'",
                    remedy: "Name the classes of all columns; the references have \(present).")
            }
            guard scores.allSatisfy({ abs($0.reduce(0, +) - 1) <= 1e-5 }) else {
                throw .input(
                    "predictions",
                    "Target scores need to be probabilities for multiclass roc_auc, i.e. they should sum up to 1.0 "
                        + "over classes", remedy: "Apply a softmax to logits.",
                    commandLine: "Give another --metric: this one is about probabilities.")
            }
            guard classes.count == width else {
                throw MetricError(
                    options.labels == nil
                        ? "Number of classes in y_true not equal to the number of columns in 'y_score'"
                        : "Number of given labels, \(classes.count), not equal to the number of columns in 'y_score', "
                            + "\(width)",
                    remedy: "Name the classes of all columns with .labels.",
                    commandLine: "Give all classes with --metric-args '{\"labels\": [0, 1, ...]}'.", kind: .format,
                    at: ErrorLocation(column: "predictions", option: "labels"))
            }
            if multiClass == .ovo { return .number(try oneVersusOne(classes, options, &warnings)) }
            if options.average == .samples {
                throw .option(
                    "average", "average must be one of ('micro', 'macro', 'weighted', None) for multiclass problems",
                    remedy: "Give another average.")
            }
        } else {
            try options.checkLabels(present)
            guard options.posLabel == 1 else {
                throw .option(
                    "pos_label",
                    "Parameter pos_label is fixed to 1 for multiclass y_true. Do not set pos_label or set pos_label "
                        + "to 1.", remedy: "Leave out .posLabel.", commandLine: "Leave out \"pos_label\".")
            }
            guard classes.count == width else {
                let shape = width == 1 ? "(\(scores.count),)" : "(\(scores.count), \(width))"
                throw .input(
                    "predictions",
                    "`y_score` needs to be of shape `(n_samples, n_classes)`, since `y_true` contains multiple "
                        + "classes. Got `y_score.shape=\(shape)`.",
                    remedy: options.labels == nil
                        ? "Give a score for each class, such as the softmax of logits, or name the classes of all columns "
                            + "with .labels." : "Name as many .labels as there are columns.",
                    commandLine: "Give all classes with --metric-args '{\"labels\": [0, 1, ...]}'.")
            }
        }
        return try averaged(labels.map { row in classes.map { $0 == row[0] } }, options, &warnings)
    }

    /// Hand & Till (2001): the mean over pairs of classes, each among the rows of these two.
    private func oneVersusOne(
        _ classes: [Int], _ options: MetricOptions, _ warnings: inout [String]
    ) throws(MetricError) -> Double {
        let average = options.average ?? .macro
        guard average == .macro || average == .weighted, !hasWeights else {
            throw .option(
                hasWeights ? "sample_weight" : "average",
                hasWeights
                    ? "sample_weight is not supported for multiclass one-vs-one ROC AUC, 'sample_weight' must be None "
                        + "in this case."
                    : "average must be one of ('macro', 'weighted', None) for multiclass problems",
                remedy: hasWeights ? "Leave out the weights, or give .multiClass(.ovr)." : "Give another average.")
        }
        var (pairs, weights): ([Double], [Double]) = ([], [])
        let columns = classes.indices.filter { column in labels.contains { $0[0] == classes[column] } }
        for (position, a) in columns.enumerated() {
            for b in columns[(position + 1)...] {
                let rows = labels.indices.filter { labels[$0][0] == classes[a] || labels[$0][0] == classes[b] }
                let isA = rows.map { labels[$0][0] == classes[a] }
                let first = RankingCurve.rocAUC(rows.map { scores[$0][a] }, isA, nil, &warnings)
                let second = RankingCurve.rocAUC(rows.map { scores[$0][b] }, isA.map { !$0 }, nil, &warnings)
                pairs.append((first + second) / 2)
                weights.append(average == .weighted ? Double(rows.count) / Double(labels.count) : 1)
            }
        }
        return zip(pairs, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    }

    /// One score a column, averaged, as scikit-learn's `_average_binary_score` does.
    private func averaged(
        _ targets: [[Bool]], _ options: MetricOptions, _ warnings: inout [String]
    ) throws(MetricError) -> MetricValue {
        let average = options.average ?? .macro
        if average == .binary {
            throw .option(
                "average", "average has to be one of (None, 'micro', 'macro', 'weighted', 'samples')",
                remedy: "Give another average.")
        }
        let weights = hasWeights ? weights : nil
        let maxFPR = try checked(options.maxFPR)
        func score(_ scores: [Double], _ targets: [Bool], _ weights: [Double]?) -> Double {
            kind == .rocAUC
                ? RankingCurve.rocAUC(scores, targets, weights, maxFPR: maxFPR, &warnings)
                : RankingCurve.averagePrecision(scores, targets, weights, &warnings)
        }
        let columns = targets[0].indices
        switch average {
        case .micro:
            let repeated = weights.map { $0.flatMap { [Double](repeating: $0, count: columns.count) } }
            return .number(score(scores.flatMap { $0 }, targets.flatMap { $0 }, repeated))
        case .samples:
            return .number(Self.mean(targets.indices.map { score(scores[$0], targets[$0], nil) }, weights))
        default:
            let support = columns.map { column in
                targets.indices.reduce(0) { $0 + (targets[$1][column] ? weights?[$1] ?? 1 : 0) }
            }
            if average == .weighted, support.reduce(0, +) == 0 { return .number(0) }
            let each = columns.map { column in
                score(scores.map { $0[column] }, targets.map { $0[column] }, weights)
            }
            if average == .perLabel { return .list(each) }
            return .number(Self.mean(each, average == .weighted ? support : nil))
        }
    }

    private static func mean(_ values: [Double], _ weights: [Double]?) -> Double {
        guard let weights else { return values.reduce(0, +) / Double(values.count) }
        let sum = zip(values, weights).reduce(0) { $0 + ($1.1 == 0 ? 0 : $1.0 * $1.1) }
        return sum / weights.reduce(0, +)
    }

    var groups: [Int]? { hasWeights ? nil : [Int](repeating: 1, count: scores.count) }

    func taking(_ counts: [Int]) -> RankingState {
        var state = RankingState(kind)
        state.scores = scores.repeated(counts)
        state.labels = labels.repeated(counts)
        state.weights = weights.repeated(counts)
        return state
    }
}
