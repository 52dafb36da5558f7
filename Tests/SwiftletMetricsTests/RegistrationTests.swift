import SwiftletIO
import SwiftletMetrics
import SwiftletTestSupport
import Testing

/// Metrics from outside, and the list of those that there are.
@Suite struct RegistrationTests {
    @Test func `a registered metric is found by its name`() throws {
        try Evaluate.register("test_share", configs: ["half"], options: ["average", "test_limit"]) { rows in
            let (p, r) = (try rows.predictions.ints(), try rows.references.ints())
            let weights = rows.sampleWeight ?? [Double](repeating: 1, count: p.count)
            let hits = zip(zip(p, r), weights).reduce(0) { $0 + ($1.0.0 == $1.0.1 ? $1.1 : 0) }
            let limit = try rows.argument("test_limit")?.double ?? 1
            return ["share": min(limit, hits / weights.reduce(0, +) / (rows.config == "half" ? 2 : 1))]
        }
        #expect(Evaluate.names.contains("test_share") && Evaluate.configs("test_share") == ["half"])
        let metric = try Evaluate.load("test_share")
        try metric.addBatch(predictions: [1, 0], references: [1, 1])
        try metric.addBatch(predictions: [2.0, 2.0], references: [2, 2])
        #expect(try metric.compute()["share"] == 0.75)
        let values = try metric.compute(
            predictions: [1, 0, 1, 1], references: [1, 1, 1, 1], .bootstrap(resamples: 100))
        #expect(values["share"] == 0.75 && values.intervals["share"] != nil)
        #expect(try metric.compute(predictions: [1, 0], references: [1, 1], sampleWeight: [3, 1])["share"] == 0.75)
        #expect(try Evaluate.load("test_share", "half").compute(predictions: [1], references: [1])["share"] == 0.5)
        let options = try MetricOption.options(["test_limit": 0.25])
        #expect(try metric.with(options[0]).compute(predictions: [1], references: [1])["share"] == 0.25)
        let both = try Evaluate.combine(["accuracy", "test_share"])
        #expect(try both.compute(predictions: [1], references: [1]).keys == ["accuracy", "share"])
        #expect(throws: MetricError.self) { try Evaluate.load("test_share", "other") }
        #expect(throws: MetricError.self) { try metric.with(.k(1)) }
        #expect(throws: MetricError.self) {
            try metric.addBatch(predictions: ["a"], references: ["b"])
            _ = try metric.compute()
        }
    }

    @Test func `tasks are told which metrics take scores`() throws {
        let scores = try Evaluate.names.filter { name in
            let configs = Evaluate.configs(name)
            return try ((try? Evaluate.load(name)) ?? Evaluate.load(name, configs.first)).takes == .probabilities
        }
        #expect(
            scores.filter { !$0.hasPrefix("test_") } == [
                "average_precision", "brier_score", "calibration_error", "roc_auc", "top_k_accuracy",
            ])
        try Evaluate.register("test_scores", takes: .probabilities) { _ in [:] }
        #expect(try Evaluate.load("test_scores").takes == .probabilities)
    }

    @Test func `errors of a registered metric name it`() throws {
        struct Failure: Error {}
        try Evaluate.register("test_failing") { _ in throw Failure() }
        let error = try #require(throws: MetricError.self) {
            try Evaluate.load("test_failing").compute(predictions: [1], references: [1])
        }
        #expect(error.message.contains("test_failing") && error.message.contains("Failure"))
        for name in ["", "a/b", "accuracy"] {
            #expect(throws: MetricError.self) { try Evaluate.register(name) { _ in [:] } }
        }
    }

    @Test func `a tokenizer of the caller's parts texts`() throws {
        let letters = TextTokenizer("letters") { $0.map { String($0) } }
        let values = try Evaluate.load("bleu").compute(predictions: ["abcd"], references: ["abcd"], .tokenizer(letters))
        #expect(values["bleu"] == 1 && values.value("translation_length") == .integer(4))
        let rouge = try Evaluate.load("rouge").compute(
            predictions: ["ab"], references: ["ac"], .tokenizer(letters), .rougeTypes(["rouge1"]))
        #expect(rouge["rouge1"] == 0.5)
    }

    /// The page says of each metric of evaluate whether it is here.
    @Test func `docs list what there is`() throws {
        let page = try MappedFile.text("\(Locations.root)/docs/metrics.md")
        var listed: [(name: String, isHere: Bool)] = []
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimming(while: \.isWhitespace) }
            listed.append((String(cells[0].dropFirst().dropLast()), cells[1] == "yes"))
        }
        #expect(listed.count == 55)
        for (name, isHere) in listed {
            #expect(
                Evaluate.names.contains(name) == isHere && (Evaluate.reasonUnavailable(name) == nil) == isHere,
                "\(name)")
        }
        #expect(Evaluate.unavailableNames.allSatisfy { name in listed.contains { $0.name == name } })
    }
}

extension Substring {
    fileprivate func trimming(while isDropped: (Character) -> Bool) -> Substring {
        var text = self.drop(while: isDropped)
        while let last = text.last, isDropped(last) { text.removeLast() }
        return text
    }
}
