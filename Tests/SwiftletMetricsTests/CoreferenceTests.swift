import SwiftletIO
import SwiftletMetrics
import SwiftletTestSupport
import Testing

/// `coval` against the script of evaluate; see Tools/reference/metrics_coval.py.
@Suite struct CoreferenceTests {
    private static func sentences(_ value: JSONValue?) -> [[String]] {
        (value?.array ?? []).map { $0.array?.compactMap(\.string) ?? [] }
    }

    @Test func `chains are compared as in Python`() throws {
        let cases = try #require(try JSONValue(contentsOf: Locations.fixture("metrics/coval_cases.json")).array)
        #expect(cases.count > 200 && cases.contains { $0["options"]?["min_span"]?.bool == true })
        for (number, sample) in cases.enumerated() {
            let options = try MetricOption.options(sample["options"] ?? [:])
            let metric = try options.reduce(try Evaluate.load("coval")) { try $0.with($1) }
            let predictions = Self.sentences(sample["predictions"])
            let references = Self.sentences(sample["references"])
            // In batches of two sentences: all rows are one document.
            for start in stride(from: 0, to: references.count, by: 2) {
                let rows = start..<min(start + 2, references.count)
                try metric.addBatch(predictions: Array(predictions[rows]), references: Array(references[rows]))
            }
            guard let values = sample["values"]?.object else {
                let error = try #require(throws: MetricError.self) { try metric.compute() }
                #expect(error.message.contains("was never begun"), "\(error.message)")
                continue
            }
            let found = try metric.compute()
            #expect(found.keys == values.map(\.0), "\(number)")
            for (name, value) in values {
                let (found, wanted) = (found[name] ?? .nan, value.double ?? .nan)
                #expect(abs(found - wanted) <= 1e-9, "\(number) \(name): \(found) for \(wanted)")
            }
        }
    }

    @Test func `parses that are missing are named`() throws {
        let parsed = ["d 0 0 the DT (NP* - - - - * (1", "d 0 1 dog NN *) - - - - * 1)"]
        let coval = try Evaluate.load("coval")
        // The first line that could have a parse tells whether there are any.
        for references in [["the (1", "dog 1)"], parsed.map { $0.replacing("(NP*", with: "-") }] {
            let error = try #require(throws: MetricError.self) {
                try coval.with(.minSpan).compute(predictions: [parsed], references: [references])
            }
            #expect(error.message == "References should have gold parse annotation to use 'min_span'.")
            #expect(error.location.option == "min_span" && error.location.column == "references")
        }
        for option in [MetricOption.minSpan, .npOnly] {
            let error = try #require(throws: MetricError.self) {
                try coval.with(option).compute(
                    predictions: [["a -"], parsed],
                    references: [[parsed[0].replacing("(1", with: "-")], [parsed[0], "dog 1)"]])
            }
            #expect(error.message == "Line 1 of sentence 1 has no parse" && error.location.row == 1)
            let crossing = try #require(throws: MetricError.self) {
                try coval.with(option).compute(
                    predictions: [
                        parsed.map { $0.replacing("1)", with: "-") }.reversed(), ["d 0 0 a DT * - - - - * 1)"],
                    ],
                    references: [parsed, ["d 0 0 a DT * - - - - * -"]])
            }
            #expect(crossing.message.contains("another sentence begins") && crossing.location.column == "predictions")
        }
        // The least part of "the dog" is both words, so that "dog" is another mention either way.
        let guess = ["d 0 0 the DT (NP* - - - - * -", "d 0 1 dog NN *) - - - - * (1)"]
        #expect(try coval.compute(predictions: [guess], references: [parsed])["mentions/f1"] == 0)
        #expect(try coval.with(.minSpan).compute(predictions: [guess], references: [parsed])["mentions/f1"] == 0)
        // Any number of brackets takes its room in a list, not on the stack.
        let deep = "d 0 0 a NN \(String(repeating: "(NP", count: 100_000))* - - - - * (1)"
        #expect(try coval.with(.minSpan).compute(predictions: [[deep]], references: [[deep]])["mentions/f1"] == 1)
    }

    @Test func `lines that can't be read are named`() throws {
        for (line, part) in [
            ("", "is empty"), ("w (|(2)", "without the number"), ("w 3|(2)", "'|' after a number"),
            ("w (99999999999999999999)", "too large"),
        ] {
            let metric = try Evaluate.load("coval")
            let error = try #require(throws: MetricError.self) {
                try metric.addBatch(predictions: [["w -"], ["w -", line]], references: [["w -"], ["w -", "w -"]])
            }
            #expect(error.message.contains(part) && error.message.hasPrefix("Line 1 of sentence 1"), "\(error.message)")
            #expect(error.location.row == 1 && error.location.column == "predictions" && error.remedy != nil)
            #expect(throws: MetricError.self) { try metric.compute() }
        }
        #expect(throws: MetricError.self) { try Evaluate.load("coval").with(.lowercase) }
        #expect(throws: MetricError.self) {
            try Evaluate.load("coval").compute(predictions: ["w -"], references: ["w -"])
        }
    }
}
