import SwiftletDatasets
import SwiftletIO

extension PredictionTable {
    /// The rows with a label, with their classes.
    func labelledClasses() throws -> (rows: [Int], labels: [Int], predictions: [Int]) {
        let (labels, predictions) = try classIDs()
        let rows = labels.indices.filter { labels[$0] != nil && predictions[$0] >= 0 }
        return (rows, rows.map { labels[$0] ?? 0 }, rows.map { predictions[$0] })
    }

    func classMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
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
                    ("binary_f1", "F1 of \(positive)"),
                    ("binary_precision", "of rows predicted \(positive), the share that is"),
                    ("binary_recall", "of rows that are \(positive), the share found"),
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
        var draws: [([Int]) -> [Double]] = [
            { sample in
                values(ClassCounts(labels: labels, predictions: predictions, classCount: count, rows: sample))
                    + [sample.reduce(0) { $0 + losses[$1] } / Double(max(sample.count, 1))]
            }
        ]
        var places = names.count + 1
        func add(_ more: [MetricValue], _ draw: @escaping ([Int]) -> [Double]) {
            for (index, metric) in more.enumerated() {
                metrics.append(metric)
                metrics[metrics.count - 1].place = places + index
            }
            places += more.count
            draws.append(draw)
        }
        let areas = try areaMetrics(labels, scores)
        add(areas.values, areas.draw)
        if isBinary {
            let squares = zip(labels, scores).map { ProbabilityScores.brier(isPositive: [$0 == 1], scores: [$1[1]]) }
            add([
                MetricValue(
                    name: "brier_score",
                    value: ProbabilityScores.brier(isPositive: labels.map { $0 == 1 }, scores: scores.map { $0[1] }),
                    isGreaterBetter: false, explanation: "mean squared error of the probability of \(positive)")
            ]) { sample in [sample.reduce(0) { $0 + squares[$1] } / Double(max(sample.count, 1))] }
        }
        if let (confidences, isRight) = try self.confidences() {
            add([
                MetricValue(
                    name: "expected_calibration_error",
                    value: CalibrationCurve(confidences: confidences, isRight: isRight).expectedError,
                    isGreaterBetter: false,
                    explanation: "mean gap between confidence and accuracy, in 15 bins")
            ]) { [CalibrationCurve(confidences: confidences, isRight: isRight, rows: $0).expectedError] }
        }
        return (metrics, rows.count, { sample in draws.flatMap { $0(sample) } })
    }

    /// The areas under the curves: of two classes those of the second, else the mean of the classes' first ones.
    private func areaMetrics(
        _ labels: [Int], _ scores: [[Double]]
    ) throws -> (values: [MetricValue], draw: ([Int]) -> [Double]) {
        let isBinary = self.labels.count == 2
        let curves = try self.curves()
        let drawn = curves.map { curve in
            DrawnAreas(isPositive: labels.map { $0 == curve.label }, scores: scores.map { $0[curve.label] })
        }
        func mean(_ areas: [Double]) -> Double {
            let known = areas.filter { !$0.isNaN }
            return known.reduce(0, +) / Double(known.count)
        }
        var values = [
            MetricValue(
                name: isBinary ? "roc_auc" : "macro_roc_auc", value: mean(curves.map(\.curves.rocAUC)), baseline: 0.5,
                explanation: isBinary ? "area under the ROC curve" : "mean area under the classes' ROC curves")
        ]
        if isBinary, let curve = curves.first {
            values.append(
                MetricValue(
                    name: "average_precision", value: curve.curves.averagePrecision,
                    baseline: Double(labels.count { $0 == 1 }) / Double(labels.count),
                    explanation: "area under the precision-recall curve of '\(self.labels[1])'"))
        }
        return (
            values,
            { sample in
                let counts = drawCounts(sample, rows: labels.count)
                let areas = drawn.map { $0.areas(counts) }
                return [mean(areas.map(\.rocAUC))] + (isBinary ? areas.map(\.averagePrecision) : [])
            }
        )
    }

    func labelMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
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
        try confidences().map { CalibrationCurve(confidences: $0.confidences, isRight: $0.isRight) }
    }

    /// The probability of each labelled row's prediction, and whether it is right.
    private func confidences() throws -> (confidences: [Double], isRight: [Bool])? {
        guard kind == .classes else { return nil }
        let (rows, labels, predictions) = try labelledClasses()
        guard !rows.isEmpty else { return nil }
        let scores = try numbers("score")
        return (rows.map { scores[$0] }, zip(labels, predictions).map { $0 == $1 })
    }
}
