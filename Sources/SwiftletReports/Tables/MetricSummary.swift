import SwiftletDatasets
import SwiftletIO

/// One metric of an evaluation with how sure it is.
public struct MetricSummary: Sendable {
    /// As the field calls it, such as `accuracy` or `macro_f1`.
    public let name: String
    /// The metric on the rows that have a label, in the metric's own unit; such as from 0 to 1 for an accuracy.
    public let value: Double
    /// 95% by the bootstrap; `nil` where none is computed.
    public let interval: (low: Double, high: Double)?
    /// What always predicting the most frequent class, or the mean, gives; `nil` where that says nothing.
    public let baseline: Double?
    /// Whether more is better.
    public let isGreaterBetter: Bool
    /// What it is, in a few words.
    public let explanation: String
}

/// A metric before it has an interval.
struct MetricValue {
    var name: String
    var value: Double
    var baseline: Double?
    var isGreaterBetter = true
    var explanation: String
    /// Its place among the values that the bootstrap computes; `nil` for one without an interval.
    var place: Int?
}

extension PredictionTable {
    /// The table's metrics. Rows without a label don't count; without any label there are none.
    public func summary(_ bootstrap: Bootstrap = Bootstrap()) throws -> [MetricSummary] {
        let (values, rows, metric) = try metrics()
        let intervals = values.contains { $0.place != nil } ? bootstrap.intervals(rows: rows, metric) : []
        return values.filter { !$0.value.isNaN }.map { value in
            MetricSummary(
                name: value.name, value: value.value,
                interval: value.place.flatMap { intervals.indices.contains($0) ? intervals[$0] : nil },
                baseline: value.baseline.flatMap { $0.isNaN ? nil : $0 }, isGreaterBetter: value.isGreaterBetter,
                explanation: value.explanation)
        }
    }

    /// The metric that a slice of rows is told by, such as accuracy, on numbers of rows; those without a label are left
    /// out. `nil` where rows have no labels.
    func mainMetric() throws -> (name: String, isGreaterBetter: Bool, of: ([Int]) -> Double)? {
        switch kind {
        case .classes, .multipleLabels, .tokens, .answers:
            guard has("correct") else { return nil }
            let correct = try values("correct").map(\.bool)
            guard correct.contains(where: { $0 != nil }) else { return nil }
            let name = kind == .classes ? "accuracy" : kind == .answers ? "exact_match" : "rows_all_right"
            return (
                name, true,
                { rows in
                    let known = rows.compactMap { correct[$0] }
                    return known.isEmpty ? .nan : Double(known.count { $0 }) / Double(known.count)
                }
            )
        case .numbers:
            let losses = try numbers("loss")
            guard losses.contains(where: { !$0.isNaN }) else { return nil }
            return (
                "mse", false,
                { rows in
                    let known = rows.map { losses[$0] }.filter { !$0.isNaN }
                    return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
                }
            )
        case .vectors:
            let cosines = try numbers("prediction")
            guard cosines.contains(where: { !$0.isNaN }) else { return nil }
            return (
                "mean_cosine", true,
                { rows in
                    rows.isEmpty ? .nan : rows.reduce(0) { $0 + cosines[$1] } / Double(rows.count)
                }
            )
        }
    }

    /// Metrics with their values, the number of rows they are of, and what computes those with intervals of a draw.
    func metrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        switch kind {
        case .classes: try classMetrics()
        case .multipleLabels: try labelMetrics()
        case .numbers: try numberMetrics()
        case .tokens: try tokenMetrics()
        case .answers: try answerMetrics()
        case .vectors: try vectorMetrics()
        }
    }

    /// The rows with a label, with their classes.
    func labelledClasses() throws -> (rows: [Int], labels: [Int], predictions: [Int]) {
        let (labels, predictions) = try classIDs()
        let rows = labels.indices.filter { labels[$0] != nil && predictions[$0] >= 0 }
        return (rows, rows.map { labels[$0] ?? 0 }, rows.map { predictions[$0] })
    }

    private func classMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        let (rows, labels, predictions) = try labelledClasses()
        let all = try probabilities()
        let scores = rows.map { all[$0] }
        let count = self.labels.count
        let (isBinary, losses) = (
            count == 2, zip(labels, scores).map { ProbabilityScores.logLoss(labels: [$0], probabilities: [$1]) }
        )
        guard !rows.isEmpty else { return ([], 0, { _ in [] }) }
        func values(_ counts: ClassCounts) -> [Double] {
            [counts.accuracy, counts.macroF1, counts.matthewsCorrelation]
                + (isBinary ? [counts.f1(1), counts.precision(1), counts.recall(1)] : [])
        }
        let majority =
            ClassCounts(labels: labels, predictions: labels, classCount: count).support.enumerated()
            .max { $0.element < $1.element }?.offset ?? 0
        let found = values(ClassCounts(labels: labels, predictions: predictions, classCount: count))
        let baseline = values(
            ClassCounts(labels: labels, predictions: labels.map { _ in majority }, classCount: count))
        let positive = isBinary ? "'\(self.labels[1])'" : ""
        let names =
            [
                ("accuracy", "share of rows that are right"), ("macro_f1", "mean F1 of the classes"),
                ("matthews_correlation", "1 for all right, 0 for chance"),
            ]
            + (isBinary
                ? [
                    ("f1", "F1 of \(positive)"), ("precision", "of rows predicted \(positive), the share that is"),
                    ("recall", "of rows that are \(positive), the share found"),
                ] : [])
        var metrics = names.indices.map { place in
            MetricValue(
                name: names[place].0, value: found[place], baseline: baseline[place], explanation: names[place].1,
                place: place)
        }
        metrics.append(
            MetricValue(
                name: "log_loss", value: ProbabilityScores.logLoss(labels: labels, probabilities: scores),
                isGreaterBetter: false, explanation: "mean negative logarithm of the label's probability",
                place: names.count))
        let curves = try self.curves()
        let areas = curves.map(\.curves.rocAUC).filter { !$0.isNaN }
        if !areas.isEmpty {
            metrics.append(
                MetricValue(
                    name: isBinary ? "roc_auc" : "macro_roc_auc", value: areas.reduce(0, +) / Double(areas.count),
                    baseline: 0.5,
                    explanation: isBinary ? "area under the ROC curve" : "mean area under the classes' ROC curves"))
        }
        if isBinary, let curve = curves.first {
            metrics.append(
                MetricValue(
                    name: "average_precision", value: curve.curves.averagePrecision,
                    baseline: Double(labels.count { $0 == 1 }) / Double(labels.count),
                    explanation: "area under the precision-recall curve of \(positive)"))
            metrics.append(
                MetricValue(
                    name: "brier_score",
                    value: ProbabilityScores.brier(isPositive: labels.map { $0 == 1 }, scores: scores.map { $0[1] }),
                    isGreaterBetter: false, explanation: "mean squared error of the probability of \(positive)"))
        }
        metrics.append(
            MetricValue(
                name: "expected_calibration_error", value: try calibration()?.expectedError ?? .nan,
                isGreaterBetter: false,
                explanation: "mean gap between confidence and accuracy, in 15 bins"))
        return (
            metrics, rows.count,
            { sample in
                values(ClassCounts(labels: labels, predictions: predictions, classCount: count, rows: sample))
                    + [sample.reduce(0) { $0 + losses[$1] } / Double(max(sample.count, 1))]
            }
        )
    }

    private func labelMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        let (truths, guesses) = (try flags("label"), try flags("prediction"))
        let pairs = zip(truths, guesses).compactMap { truth, guess in truth.map { (label: $0, prediction: guess ?? $0) }
        }
        guard !pairs.isEmpty else { return ([], 0, { _ in [] }) }
        func values(_ rows: [Int]?) -> [Double] {
            let counts = ClassCounts(flags: pairs, classCount: labels.count, rows: rows)
            let sample = rows ?? Array(pairs.indices)
            let exact = sample.count { pairs[$0].label == pairs[$0].prediction }
            return [counts.microF1, counts.macroF1OfAll, Double(exact) / Double(max(sample.count, 1))]
        }
        let names = [
            ("micro_f1", "F1 of all labels together"), ("macro_f1", "mean F1 of the labels"),
            ("exact_match", "share of rows with all labels right"),
        ]
        let found = values(nil)
        return (
            names.indices.map {
                MetricValue(name: names[$0].0, value: found[$0], explanation: names[$0].1, place: $0)
            }, pairs.count, { values($0) }
        )
    }

    private func numberMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        let (allLabels, allPredictions) = (try has("label") ? numbers("label") : [], try numbers("prediction"))
        let rows = allLabels.indices.filter { !allLabels[$0].isNaN && !allPredictions[$0].isNaN }
        guard !rows.isEmpty else { return ([], 0, { _ in [] }) }
        let (labels, predictions) = (rows.map { allLabels[$0] }, rows.map { allPredictions[$0] })
        func values(_ sample: [Int]?) -> [Double] {
            let scores = RegressionScores(labels: labels, predictions: predictions, rows: sample)
            return [
                scores.meanSquaredError, scores.meanAbsoluteError, scores.rootMeanSquaredError, scores.determination,
                scores.correlation,
            ]
        }
        let mean = labels.reduce(0, +) / Double(labels.count)
        let ofMean = RegressionScores(labels: labels, predictions: labels.map { _ in mean })
        let baselines: [Double?] = [
            ofMean.meanSquaredError, ofMean.meanAbsoluteError, ofMean.rootMeanSquaredError, 0, nil,
        ]
        let names = [
            ("mse", "mean squared error"), ("mae", "mean absolute error"), ("rmse", "root of the mean squared error"),
            ("r2", "share of the variance that is explained"), ("pearson", "correlation"),
        ]
        let found = values(nil)
        var metrics = names.indices.map {
            MetricValue(
                name: names[$0].0, value: found[$0], baseline: baselines[$0], isGreaterBetter: $0 > 2,
                explanation: names[$0].1, place: $0)
        }
        metrics.append(
            MetricValue(
                name: "spearman", value: RegressionScores.rankCorrelation(labels, predictions),
                explanation: "correlation of the ranks"))
        return (metrics, rows.count, { values($0) })
    }

    private func tokenMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        let rows = try tagPairs().filter { !$0.isEmpty }
        guard !rows.isEmpty else { return ([], 0, { _ in [] }) }
        let counts = rows.map { row in (right: row.count { $0.label.isSame(as: $0.prediction) }, all: row.count) }
        let entities = rows.map(EntityCounts.init)
        func values(_ sample: [Int]?) -> [Double] {
            let sample = sample ?? Array(rows.indices)
            let (right, all) = sample.reduce((0, 0)) { ($0.0 + counts[$1].right, $0.1 + counts[$1].all) }
            let found = sample.reduce(EntityCounts()) { $0 + entities[$1] }
            return [found.f1, found.precision, found.recall, Double(right) / Double(max(all, 1))]
        }
        let names = [
            ("entity_f1", "F1 of whole entities, as seqeval counts them"),
            ("entity_precision", "of entities found, the share that is right"),
            ("entity_recall", "of entities there are, the share found"),
            ("tag_accuracy", "share of words with the right tag"),
        ]
        let found = values(nil)
        return (
            names.indices.map {
                MetricValue(name: names[$0].0, value: found[$0], explanation: names[$0].1, place: $0)
            }, rows.count, { values($0) }
        )
    }

    /// The words of each row that have a label, with it and the prediction.
    func tagPairs() throws -> [[(label: String, prediction: String)]] {
        let (labels, predictions) = (try values("label"), try values("prediction"))
        return zip(labels, predictions).map { label, prediction in
            zip(label.list ?? [], prediction.list ?? []).compactMap { label, prediction in
                guard let label = label.string, let prediction = prediction.string else { return nil }
                return (label, prediction)
            }
        }
    }

    private func answerMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        let (exact, f1) = (try numbers("exact_match"), try numbers("f1"))
        let rows = exact.indices.filter { !exact[$0].isNaN }
        guard !rows.isEmpty else { return ([], 0, { _ in [] }) }
        func values(_ sample: [Int]) -> [Double] {
            [exact, f1].map { column in sample.reduce(0) { $0 + column[rows[$1]] } / Double(max(sample.count, 1)) }
        }
        let found = values(Array(rows.indices))
        return (
            [
                MetricValue(
                    name: "exact_match", value: found[0], explanation: "share of answers that are a true one", place: 0),
                MetricValue(name: "f1", value: found[1], explanation: "mean F1 of the answers' words", place: 1),
            ], rows.count, values
        )
    }

    private func vectorMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        let cosines = try numbers("prediction")
        guard cosines.contains(where: { !$0.isNaN }) else { return ([], 0, { _ in [] }) }
        var metrics = [
            MetricValue(
                name: "mean_cosine", value: cosines.reduce(0, +) / Double(cosines.count),
                explanation: "mean cosine of the pairs",
                place: 0)
        ]
        if has("label") {
            let labels = try numbers("label")
            let rows = labels.indices.filter { !labels[$0].isNaN }
            let (truths, guesses) = (rows.map { labels[$0] }, rows.map { cosines[$0] })
            metrics.append(
                MetricValue(
                    name: "spearman", value: RegressionScores.rankCorrelation(truths, guesses),
                    explanation: "correlation of the ranks of cosines and labels"))
            metrics.append(
                MetricValue(
                    name: "pearson", value: RegressionScores(labels: truths, predictions: guesses).correlation,
                    explanation: "correlation of cosines and labels"))
        }
        return (
            metrics, cosines.count,
            { sample in
                [sample.reduce(0) { $0 + cosines[$1] } / Double(max(sample.count, 1))]
            }
        )
    }

    // MARK: Curves

    /// Curves of each class against the others; with two classes those of the second.
    func curves() throws -> [(label: Int, curves: ThresholdCurves)] {
        switch kind {
        case .classes:
            let (rows, labels, _) = try labelledClasses()
            guard !rows.isEmpty else { return [] }
            let all = try probabilities()
            let ids = self.labels.count == 2 ? [1] : Array(self.labels.indices)
            return ids.map { id in
                (id, ThresholdCurves(isPositive: labels.map { $0 == id }, scores: rows.map { all[$0][id] }))
            }
        case .multipleLabels:
            let truths = try flags("label")
            let rows = truths.indices.filter { truths[$0] != nil }
            guard !rows.isEmpty else { return [] }
            let all = try probabilities()
            return labels.indices.map { id in
                (
                    id,
                    ThresholdCurves(isPositive: rows.map { truths[$0]?[id] ?? false }, scores: rows.map { all[$0][id] })
                )
            }
        default: return []
        }
    }

    /// Confidence and accuracy of predicted classes; `nil` for other tables, and without labels.
    func calibration() throws -> CalibrationCurve? {
        guard kind == .classes else { return nil }
        let (rows, labels, predictions) = try labelledClasses()
        guard !rows.isEmpty else { return nil }
        let scores = try numbers("score")
        return CalibrationCurve(
            confidences: rows.map { scores[$0] }, isRight: zip(labels, predictions).map { $0 == $1 })
    }
}
