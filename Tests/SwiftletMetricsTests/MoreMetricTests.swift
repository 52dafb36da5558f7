import SwiftletIO
import SwiftletMetrics
import Testing

/// Values of Tools/reference/metrics_more.py, which prints them.
@Suite struct MoreMetricTests {
    private let predictions = [2.5, 0.0, 2, 8, -1.25]
    private let references = [3, -0.5, 2, 7, 0]

    private func value(_ name: String, _ options: MetricOption...) throws -> Double {
        let metric = try Evaluate.load(name)
        for (prediction, reference) in zip(predictions, references) {
            try metric.add(prediction: prediction, reference: reference)
        }
        return try #require(try metric.compute()[name])
    }

    @Test func `errors in proportion to the values`() throws {
        #expect(try abs(value("mape") / 1125899906842624.2 - 1) < 1e-14)
        #expect(try abs(value("smape") / 0.8630303030303029 - 1) < 1e-14)
        let many = try Evaluate.load("mape", "multilist").compute(
            predictions: [[0.5, 1], [-1, 1], [7, -6]], references: [[0.1, 2], [-1, 2], [8, -5]],
            .multiOutput(.rawValues))
        #expect(zip(try #require(many.list("mape")), [1.375, 0.39999999999999997]).allSatisfy { abs($0 - $1) < 1e-14 })
    }

    @Test func `share of the variance`() throws {
        #expect(try value("r_squared") == 0.914)
    }

    @Test func `distance of probabilities`() throws {
        let metric = try Evaluate.load("brier_score")
        let values = try metric.compute(predictions: [0.1, 0.9, 0.8, 0.3], references: [0, 1, 1, 0])
        #expect(abs((values["brier_score"] ?? .nan) - 0.03749999999999999) < 1e-15)
        let weighted = try metric.compute(
            predictions: [0.1, 0.9, 0.8, 0.3], references: [0, 1, 1, 0], sampleWeight: [1, 2, 3, 4])
        #expect(abs((weighted["brier_score"] ?? .nan) - 0.051000000000000004) < 1e-15)
        let other = try metric.compute(predictions: [0.1, 0.9, 0.8, 0.3], references: [0, 1, 1, 0], .posLabel(0))
        #expect(abs((other["brier_score"] ?? .nan) - 0.6875) < 1e-15)
        // Labels that are texts, as the page of evaluate has them.
        let texts = ["spam", "ham", "ham", "spam"]
        let scores = [0.1, 0.9, 0.8, 0.3]
        let named = try metric.compute(predictions: scores, references: texts, .posLabelName("ham"))
        #expect(abs((named["brier_score"] ?? .nan) - 0.03749999999999999) < 1e-15)
        let absent = try metric.compute(predictions: scores, references: texts, .posLabelName("x"))
        #expect(abs((absent["brier_score"] ?? .nan) - 0.38750000000000007) < 1e-15)
        #expect(try MetricOption.options(["pos_label": "ham"]) == [.posLabelName("ham")])
        let error = try #require(throws: MetricError.self) {
            try metric.compute(predictions: scores, references: texts)
        }
        #expect(error.message.contains("'spam'") && error.remedy?.contains("posLabelName") == true)
        #expect(throws: MetricError.self) {
            try metric.compute(predictions: [0.1, 0.2, 0.3], references: ["a", "b", "c"], .posLabelName("a"))
        }
        #expect(throws: MetricError.self) { try Evaluate.load("f1").with(.posLabelName("ham")) }
        #expect(throws: MetricError.self) { try metric.compute(predictions: [1.5], references: [0]) }
        #expect(throws: MetricError.self) { try metric.compute(predictions: [0.5, 0.5, 0.5], references: [0, 1, 2]) }
    }

    @Test func `benchmarks by their names`() throws {
        #expect(
            try Evaluate.load("xnli").compute(predictions: [0, 1, 2], references: [0, 1, 0]).description
                == "{'accuracy': 0.6666666666666666}")
        let tags = try Evaluate.load("indic_glue", "wiki-ner").compute(predictions: [0, 1, 1], references: [0, 1, 0])
        #expect(tags.description == "{'accuracy': 0.6666666666666666, 'f1': 0.6666666666666666}")
        #expect(throws: MetricError.self) { try Evaluate.load("indic_glue") }
    }
}
