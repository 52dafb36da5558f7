import SwiftletDatasets
import SwiftletIO

extension PredictionTable {
    func numberMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
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
                explanation: "correlation of the ranks", place: names.count))
        let ranks = DrawnRanks(labels, predictions)
        return (
            metrics, rows.count,
            { sample in values(sample) + [ranks.correlation(drawCounts(sample, rows: labels.count))] }
        )
    }

    func tokenMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
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

    func answerMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
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

    func vectorMetrics() throws -> (values: [MetricValue], rows: Int, metric: ([Int]) -> [Double]) {
        let cosines = try numbers("prediction")
        guard cosines.contains(where: { !$0.isNaN }) else { return ([], 0, { _ in [] }) }
        var metrics = [
            MetricValue(
                name: "mean_cosine", value: cosines.reduce(0, +) / Double(cosines.count),
                explanation: "mean cosine of the pairs",
                place: 0)
        ]
        var ofLabels: ([Int]) -> [Double] = { _ in [] }
        if has("label") {
            let labels = try numbers("label")
            let rows = labels.indices.filter { !labels[$0].isNaN && !cosines[$0].isNaN }
            let (truths, guesses) = (rows.map { labels[$0] }, rows.map { cosines[$0] })
            let ranks = DrawnRanks(truths, guesses)
            metrics.append(
                MetricValue(
                    name: "spearman", value: RegressionScores.rankCorrelation(truths, guesses),
                    explanation: "correlation of the ranks of cosines and labels", place: 1))
            metrics.append(
                MetricValue(
                    name: "pearson", value: RegressionScores(labels: truths, predictions: guesses).correlation,
                    explanation: "correlation of cosines and labels", place: 2))
            var places = [Int?](repeating: nil, count: labels.count)
            for (place, row) in rows.enumerated() { places[row] = place }
            ofLabels = { sample in
                let sample = sample.compactMap { places[$0] }
                return [
                    ranks.correlation(drawCounts(sample, rows: truths.count)),
                    RegressionScores(labels: truths, predictions: guesses, rows: sample).correlation,
                ]
            }
        }
        return (
            metrics, cosines.count,
            { sample in
                [sample.reduce(0) { $0 + cosines[$1] } / Double(max(sample.count, 1))] + ofLabels(sample)
            }
        )
    }
}
