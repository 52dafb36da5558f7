import SwiftletIO
import SwiftletMetrics
import SwiftletTestSupport
import Testing

/// Every metric beside scikit-learn, scipy and seqeval.
@Suite struct ReferenceTests {
    static let cases = Result { try ReferenceCase.all() }

    /// Where a message of Python's says nothing of the inputs, or less than ours.
    static let ownMessages = [
        "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required.", "float division by zero",
        "index -1 is out of bounds for axis 0 with size 0",
    ]

    @Test(arguments: [1000, 7]) func `equals the reference`(batchSize: Int) throws {
        let cases = try Self.cases.get()
        #expect(cases.count > 800)
        for item in cases where item.bootstrap == nil {
            let metric = try item.load()
            do {
                try item.add(to: metric, batchSize: batchSize)
                let values = try metric.compute()
                guard let expected = item.values else {
                    Issue.record("\(item): \(values) where the reference has the error '\(item.error ?? "")'")
                    continue
                }
                #expect(Self.difference(values, expected) == nil, "\(item): \(values)")
                #expect(values.warnings.isEmpty == item.warnings.isEmpty, "\(item)")
                // scikit-learn warns of the confusion matrix within, whose labels can't be given here.
                let isInner =
                    item.metric != "confusion_matrix" && item.warnings.contains { $0.hasPrefix("A single label") }
                if !isInner {
                    #expect(Set(values.warnings) == Set(item.warnings), "\(item)")
                }
            } catch let error as MetricError {
                guard let expected = item.error else {
                    Issue.record("\(item): \(error)")
                    continue
                }
                if Self.ownMessages.contains(expected) { continue }
                #expect(error.message == expected, "\(item)")
            }
        }
    }

    static func difference(_ values: MetricValues, _ expected: JSONObject) -> String? {
        // At a correlation of 1 the p-value is the root of a rounding error; of nearly constant inputs scipy itself
        // says that its result may be inaccurate, and ours isn't.
        let isPerfect = abs(expected["pearsonr"]?.double ?? 0) > 1 - 1e-15
        let isVague = values.warnings.contains { $0.contains("nearly constant") }
        let tolerance = isVague ? 0.05 : isPerfect ? 2e-8 : 1e-12
        if values.keys != expected.keys { return "keys \(values.keys), expected \(expected.keys)" }
        for (key, value) in expected {
            if let object = value.object {
                guard let group = values.group(key) else { return "\(key) isn't a group" }
                if let inner = difference(group, object) { return "\(key): \(inner)" }
                continue
            }
            let actual = values.matrix(key)?.flatMap { $0 } ?? values.list(key) ?? values[key].map { [$0] } ?? []
            let text = SwiftletTestSupport.difference(
                actual, flat(value), absolute: key == "spearmanr" ? 1e-12 : tolerance, relative: 1e-12)
            if let text { return "\(key) \(text)" }
        }
        return nil
    }

    static func flat(_ value: JSONValue) -> [Double] { value.array?.flatMap(flat) ?? value.double.map { [$0] } ?? [] }

    @Test func `bootstrap intervals are scipy's within their noise`() throws {
        for item in try Self.cases.get() {
            guard let expected = item.bootstrap?.array else { continue }
            let method = try #require(BootstrapMethod(rawValue: expected[0].string ?? ""))
            let metric = try item.load([.bootstrap(resamples: 20000, method: method, seed: 3)])
            try item.add(to: metric, batchSize: 1000)
            let interval = try #require(try metric.compute().intervals[item.metric])
            #expect(
                SwiftletTestSupport.difference(
                    [interval.low, interval.high, interval.standardError], expected[1...].compactMap(\.double),
                    absolute: item.metric == "mse" ? 0.03 : 0.018) == nil, "\(item) \(method)")
        }
    }
}
