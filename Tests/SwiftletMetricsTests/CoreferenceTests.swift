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
        #expect(cases.count > 100)
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
