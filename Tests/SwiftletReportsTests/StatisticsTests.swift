import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletTestSupport
import Testing

import SwiftletReports

/// The statistics of reports beside those of scikit-learn, SciPy and NumPy, which `Tools/reference/report_statistics.py`
/// has written down.
@Suite struct StatisticsTests {
    let json: JSONValue

    init() throws { json = try JSONValue(contentsOf: Locations.fixture("reports/statistics.json")) }

    private func doubles(_ value: JSONValue?) throws -> [Double] {
        try #require(value?.array).map { try #require($0.double) }
    }
    private func ints(_ value: JSONValue?) throws -> [Int] { try #require(value?.array).map { try #require($0.int) } }
    private func double(_ value: JSONValue?) throws -> Double { try #require(value?.double) }
    private func isClose(_ actual: Double, _ expected: JSONValue?) throws -> Bool {
        let expected = try double(expected)
        return abs(actual - expected) <= 1e-9
    }

    @Test(arguments: ["two", "five"]) func `scores of classes`(name: String) throws {
        let part = try #require(json[name])
        let (labels, predictions) = (try ints(part["labels"]), try ints(part["predictions"]))
        let scores = try #require(part["scores"]?.array).map(doubles)
        let count = scores[0].count
        let counts = ClassCounts(labels: labels, predictions: predictions, classCount: count)
        #expect(try isClose(counts.accuracy, part["accuracy"]))
        #expect(try isClose(counts.macroF1, part["macro_f1"]))
        #expect(try isClose(counts.weightedF1, part["weighted_f1"]))
        #expect(try isClose(counts.balancedAccuracy, part["balanced_accuracy"]))
        #expect(try isClose(counts.matthewsCorrelation, part["matthews_correlation"]))
        #expect(difference((0..<count).map(counts.precision), try doubles(part["precision"]), absolute: 1e-9) == nil)
        #expect(difference((0..<count).map(counts.recall), try doubles(part["recall"]), absolute: 1e-9) == nil)
        #expect(difference((0..<count).map(counts.f1), try doubles(part["f1"]), absolute: 1e-9) == nil)
        #expect(
            ClassCounts.confusion(labels: labels, predictions: predictions, classCount: count)
                == (try #require(part["confusion"]?.array).map(ints)))
        #expect(try isClose(ProbabilityScores.logLoss(labels: labels, probabilities: scores), part["log_loss"]))
    }

    @Test(arguments: ["two", "five"]) func `curves over thresholds`(name: String) throws {
        let part = try #require(json[name])
        let labels = try ints(part["labels"])
        let scores = try #require(part["scores"]?.array).map(doubles)
        for expected in try #require(part["curves"]?.array) {
            let label = try #require(expected["label"]?.int)
            let isPositive = labels.map { $0 == label }
            let curves = ThresholdCurves(isPositive: isPositive, scores: scores.map { $0[label] })
            #expect(
                difference(
                    curves.roc.map(\.falsePositiveRate), try doubles(expected["false_positive_rate"]), absolute: 1e-9)
                    == nil)
            #expect(
                difference(
                    curves.roc.map(\.truePositiveRate), try doubles(expected["true_positive_rate"]), absolute: 1e-9)
                    == nil)
            #expect(
                difference(curves.precisionRecall.map(\.precision), try doubles(expected["precision"]), absolute: 1e-9)
                    == nil)
            #expect(
                difference(curves.precisionRecall.map(\.recall), try doubles(expected["recall"]), absolute: 1e-9) == nil
            )
            #expect(abs(curves.rocAUC - (try double(expected["roc_auc"]))) <= 1e-12)
            #expect(abs(curves.averagePrecision - (try double(expected["average_precision"]))) <= 1e-12)
            #expect(
                try isClose(
                    ProbabilityScores.brier(isPositive: isPositive, scores: scores.map { $0[label] }), expected["brier"]
                ))
            let thresholds = try #require(expected["thresholds"]?.array)
            #expect(curves.roc[0].threshold == .infinity)
            #expect(
                difference(
                    curves.roc.dropFirst().map(\.threshold), try thresholds.dropFirst().map { try double($0) },
                    absolute: 1e-9)
                    == nil)
        }
    }

    @Test func `areas are scikit-learn's, and 1 for a ranking without a mistake`() throws {
        let rankings = try #require(json["rankings"]?.array)
        #expect(rankings.count == 28)
        for (index, ranking) in rankings.enumerated() {
            let (labels, scores) = (try ints(ranking["labels"]), try doubles(ranking["scores"]))
            let (area, precision) = (try double(ranking["roc_auc"]), try double(ranking["average_precision"]))
            let curves = ThresholdCurves(isPositive: labels.map { $0 == 1 }, scores: scores)
            #expect(abs(curves.rocAUC - area) <= 1e-12 && abs(curves.averagePrecision - precision) <= 1e-12)
            let (metric, other) = (try Evaluate.load("roc_auc"), try Evaluate.load("average_precision"))
            let (own, ofPrecision) = (
                try metric.compute(predictionScores: scores, references: labels)["roc_auc"],
                try other.compute(predictions: scores, references: labels)["average_precision"]
            )
            #expect(abs((own ?? .nan) - area) <= 1e-12 && abs((ofPrecision ?? .nan) - precision) <= 1e-12)
            // The first of each four has no mistake, and its weights are no whole numbers.
            guard index % 4 == 0 else { continue }
            #expect(curves.rocAUC == 1 && curves.averagePrecision == 1 && own == 1 && ofPrecision == 1)
            let weights = scores.indices.map { 0.1 + Double($0 % 7) / 3 }
            #expect(
                try metric.compute(predictionScores: scores, references: labels, sampleWeight: weights)["roc_auc"] == 1)
        }
    }

    @Test func `a curve of one class only has no area`() {
        let curves = ThresholdCurves(isPositive: [false, false], scores: [0.1, 0.2])
        #expect(curves.rocAUC.isNaN)
        #expect(curves.averagePrecision == 0)
        #expect(ThresholdCurves(isPositive: [], scores: []).precisionRecall.count == 1)
    }

    @Test(arguments: ["two", "five"]) func calibration(name: String) throws {
        let part = try #require(json[name])
        let (labels, predictions) = (try ints(part["labels"]), try ints(part["predictions"]))
        let scores = try #require(part["scores"]?.array).map(doubles)
        let curve = CalibrationCurve(
            confidences: zip(scores, predictions).map { $0[$1] }, isRight: zip(labels, predictions).map { $0 == $1 })
        #expect(try isClose(curve.expectedError, part["expected_calibration_error"]))
        #expect(try isClose(curve.maximumError, part["maximum_calibration_error"]))
        let filled = curve.bins.filter { $0.count > 0 }
        let expected = try #require(part["bins"]?.array).map(doubles)
        #expect(filled.map(\.count) == expected.map { Int($0[0]) })
        #expect(difference(filled.map(\.confidence), expected.map { $0[1] }, absolute: 1e-9) == nil)
        #expect(difference(filled.map(\.accuracy), expected.map { $0[2] }, absolute: 1e-9) == nil)
    }

    @Test func `a temperature is that of the smallest loss`() throws {
        let part = try #require(json["two"])
        let labels = try ints(part["labels"])
        let scores = try #require(part["scores"]?.array).map(doubles)
        // Each row twice, so that half of them, whichever it is, has every row about once.
        let fit = try #require(TemperatureFit(labels: labels + labels, probabilities: scores + scores))
        #expect(abs(fit.temperature - (try double(json["temperature"]))) < 0.5)
        #expect(fit.fittedRows.count == labels.count && fit.heldOutRows.count == labels.count)
        #expect(Set(fit.fittedRows).isDisjoint(with: fit.heldOutRows))
        // Rows that are far too sure: sharpened by 4, which the fit undoes.
        let sharp = scores.map { row -> [Double] in
            let powers = row.map { $0 * $0 * $0 * $0 }
            return powers.map { $0 / powers.reduce(0, +) }
        }
        let other = try #require(TemperatureFit(labels: labels + labels, probabilities: sharp + sharp))
        #expect(abs(other.temperature - 4 * fit.temperature) < 1e-5)
        #expect(other.errorAfter < other.errorBefore)
        #expect(TemperatureFit(labels: [0, 1], probabilities: [[0.5, 0.5], [0.5, 0.5]]) == nil)
    }

    @Test func `scores of numbers`() throws {
        let part = try #require(json["numbers"])
        let (labels, predictions) = (try doubles(part["labels"]), try doubles(part["predictions"]))
        let scores = RegressionScores(labels: labels, predictions: predictions)
        #expect(try isClose(scores.meanSquaredError, part["mse"]))
        #expect(try isClose(scores.meanAbsoluteError, part["mae"]))
        #expect(try isClose(scores.rootMeanSquaredError, part["rmse"]))
        #expect(try isClose(scores.determination, part["r2"]))
        #expect(try isClose(scores.correlation, part["pearson"]))
        #expect(try isClose(RegressionScores.rankCorrelation(labels, predictions), part["spearman"]))
        #expect(RegressionScores(labels: [1, 1], predictions: [0, 2]).correlation.isNaN)
    }

    @Test func `scores of several labels`() throws {
        let part = try #require(json["several"])
        func flags(_ key: String) throws -> [[Bool]] {
            try #require(part[key]?.array).map { try #require($0.array).map { $0.bool == true } }
        }
        let pairs = zip(try flags("labels"), try flags("predictions")).map { (label: $0, prediction: $1) }
        let counts = ClassCounts(flags: pairs, classCount: 4)
        #expect(try isClose(counts.microF1, part["micro_f1"]))
        #expect(try isClose(counts.macroF1OfAll, part["macro_f1"]))
    }

    @Test func `McNemar's exact test`() throws {
        for row in try #require(json["mcnemar"]?.array) {
            let values = try doubles(row)
            let (first, second) = (Int(values[0]), Int(values[1]))
            let test = McNemarTest(
                first: [Bool](repeating: true, count: first) + [Bool](repeating: false, count: second) + [true, false],
                second: [Bool](repeating: false, count: first) + [Bool](repeating: true, count: second) + [true, false])
            #expect((test.onlyFirst, test.onlySecond) == (first, second))
            #expect(abs(test.pValue - values[2]) < 1e-9)
        }
    }

    @Test func percentiles() throws {
        let sorted = [1.0, 1, 2, 3, 4, 5, 6, 9]
        for row in try #require(json["percentiles"]?.array) {
            let values = try doubles(row)
            #expect(abs(percentile(values[0], ofSorted: sorted) - values[1]) < 1e-12)
        }
    }

    @Test func `an interval of a share is about that of the binomial distribution`() throws {
        let right = (0..<400).map { $0 < 320 }
        func share(_ rows: [Int]) -> [Double] { [Double(rows.count { right[$0] }) / Double(rows.count)] }
        let interval = try #require(Bootstrap().intervals(rows: 400, share)[0])
        // 0.8 ± 1.96 * sqrt(0.8 * 0.2 / 400)
        #expect(abs(interval.low - 0.7608) < 0.01 && abs(interval.high - 0.8392) < 0.01)
        let again = try #require(Bootstrap().intervals(rows: 400, share)[0])
        #expect(interval == again)
        let other = try #require(Bootstrap(seed: 1).intervals(rows: 400, share)[0])
        #expect(interval != other)
        #expect(Bootstrap().intervals(rows: 0, { _ in [0.0] })[0] == nil)
    }

    @Test(arguments: ["two", "five", "rare"]) func `intervals of classes are those of the same draws`(name: String)
        throws
    {
        let part = try #require(json[name])
        let (labels, predictions) = (try ints(part["labels"]), try ints(part["predictions"]))
        let scores = try #require(part["scores"]?.array).map(doubles)
        let names = scores[0].indices.map { "class \($0)" }
        let columns: [(String, ColumnData)] =
            [
                ("row", .ints(Array(labels.indices))), ("label", .strings(labels.map { names[$0] })),
                ("prediction", .strings(predictions.map { names[$0] })),
                ("score", .doubles(zip(scores, predictions).map { $0[$1] })),
            ] + names.indices.map { id in ("probability_\(names[id])", .doubles(scores.map { $0[id] })) }
        let table = try PredictionTable(
            kind: .classes, labels: names, columns: columns,
            given: try .fromColumns([("text", .strings(labels.map(String.init)))]))
        let expected = try #require((name == "rare" ? part["intervals"] : json["intervals"]?[name])?.object)
        try expect(try table.summary(Bootstrap(resamples: 200)), expected)
    }

    @Test func `intervals of numbers are those of the same draws`() throws {
        let part = try #require(json["numbers"])
        let (labels, predictions) = (try doubles(part["labels"]), try doubles(part["predictions"]))
        let texts = try Dataset.fromColumns([("text", .strings(labels.map { "\($0)" }))])
        let columns: [(String, ColumnData)] = [
            ("row", .ints(Array(labels.indices))), ("label", .doubles(labels)), ("prediction", .doubles(predictions)),
        ]
        let expected = try #require(json["intervals"]?["numbers"]?.object)
        let table = try PredictionTable(kind: .numbers, labels: [], columns: columns, given: texts)
        try expect(try table.summary(Bootstrap(resamples: 200)), expected)
        // Cosines of pairs with labels are correlated in the same way.
        let pairs = try PredictionTable(kind: .vectors, labels: [], columns: columns, given: texts)
        try expect(
            try pairs.summary(Bootstrap(resamples: 200)), JSONObject(expected.filter { $0.0 != "mse" }))
    }

    private func expect(_ metrics: [MetricSummary], _ expected: JSONObject) throws {
        #expect(metrics.allSatisfy { $0.interval != nil })
        for (name, bounds) in expected {
            let metric = try #require(metrics.first { $0.name == name }, "\(name)")
            let interval = try #require(metric.interval)
            let bounds = try doubles(bounds)
            #expect(abs(interval.low - bounds[0]) < 1e-9 && abs(interval.high - bounds[1]) < 1e-9, "\(name)")
        }
    }

    @Test func `the paired bootstrap tells a difference from none`() {
        let first = (0..<300).map { $0 % 10 < 7 }
        let better = (0..<300).map { $0 % 10 < 9 }
        let same = (0..<300).map { ($0 + 3) % 10 < 7 }
        func share(_ right: [Bool]) -> ([Int]) -> Double {
            { rows in Double(rows.count { right[$0] }) / Double(rows.count) }
        }
        let clear = PairedBootstrap(rows: 300, first: share(first), second: share(better))
        #expect(abs(clear.difference - 0.2) < 1e-12)
        #expect(clear.pValue < 0.01)
        let none = PairedBootstrap(rows: 300, first: share(first), second: share(same))
        #expect(none.pValue > 0.5 && none.reason == nil)
        let few = PairedBootstrap(rows: 1, first: share([true]), second: share([false]))
        #expect(few.difference == -1 && few.pValue.isNaN && few.interval == nil && few.reason == "fewer than 10 rows")
        let equal = PairedBootstrap(rows: 300, first: share(first), second: share(first))
        #expect(equal.pValue.isNaN && equal.reason == "all draws have the same difference")
    }

    @Test func `entities are counted as seqeval counts them`() {
        func counts(_ labels: [String], _ predictions: [String]) -> [Int] {
            let counts = EntityCounts(zip(labels, predictions).map { (label: $0, prediction: $1) })
            return [counts.labelled, counts.predicted, counts.hits]
        }
        #expect(counts(["B-A", "I-A", "O"], ["B-A", "I-A", "O"]) == [1, 1, 1])
        #expect(counts(["B-A", "I-A", "O"], ["B-A", "B-A", "O"]) == [1, 2, 0])
        // An I after O, or of another type, begins an entity.
        #expect(counts(["I-A", "I-B", "I-B"], ["I-A", "I-B", "O"]) == [2, 2, 1])
        #expect(counts(["O", "O"], ["O", "O"]) == [0, 0, 0])
    }
}
