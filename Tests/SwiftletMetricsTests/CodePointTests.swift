import SwiftletMetrics
import Testing

/// Texts that are canonically equal, and so equal for Swift, are different for Python.
@Suite struct CodePointTests {
    private let composed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    @Test func `types of entities`() throws {
        let values = try Evaluate.load("seqeval").compute(
            predictions: [["B-\(composed)", "O"]], references: [["B-\(decomposed)", "O"]])
        #expect(values["overall_f1"] == 0 && values["overall_accuracy"] == 0.5)
        #expect(values.group(composed)?["number"] == 0 && values.group(decomposed)?["number"] == 1)
        let strict = try Evaluate.load("seqeval").compute(
            predictions: [["B-\(composed)", "O"]], references: [["B-\(decomposed)", "O"]], .strict(.IOB2))
        #expect(strict["overall_f1"] == 0)
        // A letter with an accent after it is still the letter.
        let accent = try Evaluate.load("seqeval").compute(
            predictions: [["B\u{301}-X", "O"]], references: [["B\u{301}-X", "O"]])
        #expect(accent["overall_f1"] == 1)
    }

    @Test func `questions and answers`() throws {
        let metric = try Evaluate.load("squad")
        let values = try metric.compute(
            predictions: [
                MetricRecord(id: composed, predictionText: "one"), MetricRecord(id: decomposed, predictionText: "two"),
            ],
            references: [
                MetricRecord(id: composed, answers: ["one"]), MetricRecord(id: decomposed, answers: ["two"]),
            ])
        #expect(values["exact_match"] == 100)
        let words = try metric.compute(
            predictions: [MetricRecord(id: "1", predictionText: composed)],
            references: [MetricRecord(id: "1", answers: [decomposed])])
        #expect(words["exact_match"] == 0 && words["f1"] == 0)
        #expect(MetricRecord(id: composed, answers: []) != MetricRecord(id: decomposed, answers: []))
    }
}
