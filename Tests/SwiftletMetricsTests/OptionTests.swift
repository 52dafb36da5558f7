import SwiftletMetrics
import SwiftletTestSupport
import Testing

@Suite struct OptionTests {
    let predictions = [0, 1, 2, 1, 0, 2, 2]
    let references = [0, 1, 1, 1, 2, 2, 0]

    @Test func `options go to compute or hold for every call`() throws {
        let f1 = try Evaluate.load("f1")
        let once = try f1.compute(predictions: predictions, references: references, .average(.macro))
        let macro = try f1.with(.average(.macro))
        for _ in 0..<2 { #expect(try macro.compute(predictions: predictions, references: references) == once) }
        let each = try macro.compute(predictions: predictions, references: references, .average(.perLabel))
        #expect(difference(each.list("f1") ?? [], [0.5, 0.8, 0.4], absolute: 1e-15) == nil)
        #expect(each.description == "{'f1': [0.5, 0.8, 0.4]}" && each["f1_2"] == 0.4)
        let error = try #require(throws: MetricError.self) { try f1.with(.suffix) }
        #expect(error.remedy?.contains("average, labels, pos_label") == true)
    }

    @Test func `combine merges keys as evaluate does`() throws {
        let both = try Evaluate.combine(["accuracy", "f1"])
        try both.addBatch(predictions: [0, 1], references: [0, 1])
        try both.addBatch(predictions: [1, 1], references: [0, 1])
        #expect(try both.compute().description == "{'accuracy': 0.75, 'f1': 0.8}")
        let f1 = try Evaluate.load("f1")
        let averages = try Evaluate.combine(
            [f1.with(.average(.macro)), f1.with(.average(.micro)), Evaluate.load("accuracy")])
        let values = try averages.compute(predictions: predictions, references: references)
        #expect(values.keys == ["f1_0_f1", "f1_1_f1", "accuracy"])
        let named = try Evaluate.combine(
            [f1.with(.average(.macro)), f1.with(.average(.micro))], names: ["macro", "micro"])
        #expect(try named.compute(predictions: predictions, references: references).keys == ["macro_f1", "micro_f1"])
        let prefixed = try Evaluate.combine(["accuracy"], forcePrefix: true)
        #expect(try prefixed.compute(predictions: [1], references: [1]).keys == ["accuracy_accuracy"])
    }

    @Test func `intervals are asked for and repeat with the seed`() throws {
        let accuracy = try Evaluate.load("accuracy")
        let (p, r) = ((0..<100).map { $0 % 2 }, (0..<100).map { $0 % 5 == 0 ? 0 : $0 % 2 })
        #expect(try accuracy.compute(predictions: p, references: r).intervals.isEmpty)
        let values = try accuracy.compute(predictions: p, references: r, .bootstrap(resamples: 500))
        let interval = try #require(values.intervals["accuracy"])
        #expect(interval.low < 0.9 && interval.high > 0.9 && interval.standardError > 0.02)
        #expect(values.description.hasPrefix("{'accuracy': {'confidence_interval': ("))
        #expect(try accuracy.compute(predictions: p, references: r, .bootstrap(resamples: 500)) == values)
        let other = try accuracy.compute(predictions: p, references: r, .bootstrap(resamples: 500, seed: 1))
        #expect(other.intervals["accuracy"]?.standardError != interval.standardError)
        let certain = try accuracy.compute(predictions: r, references: r, .bootstrap(resamples: 50))
        #expect(certain.intervals["accuracy"]?.low.isNaN == true && certain.warnings.count == 1)
    }

    @Test func `says when an option comes after the batches it is about`() throws {
        let mse = try Evaluate.load("mse")
        try mse.addBatch(predictions: [1.0, 2.5], references: [1.0, 2.0])
        let error = try #require(throws: MetricError.self) { try mse.compute(.bootstrap()) }
        #expect(error.remedy?.contains("with(...)") == true)
        let announced = try mse.with(.bootstrap(resamples: 100))
        try announced.addBatch(predictions: [1.0, 2.5], references: [1, 2])
        #expect(try announced.compute().intervals["mse"] != nil)
        let exact = try Evaluate.load("exact_match")
        try exact.addBatch(predictions: ["A"], references: ["a"])
        #expect(throws: MetricError.self) { try exact.compute(.ignoreCase) }
        #expect(try exact.with(.ignoreCase).compute(predictions: ["A"], references: ["a"])["exact_match"] == 1)
    }

    @Test func `a refused batch changes nothing`() throws {
        for (name, config) in [("accuracy", nil), ("mse", nil), ("roc_auc", nil), ("f1", "multilabel")] {
            let metric = try Evaluate.load(name, config)
            if config == nil {
                try metric.addBatch(predictions: [0.0, 1.0], references: [0, 1])
                #expect(throws: MetricError.self) { try metric.addBatch(predictions: [0, .nan], references: [0, 1]) }
            } else {
                try metric.addBatch(predictions: [[0, 1]], references: [[0, 1]])
                #expect(throws: MetricError.self) { try metric.addBatch(predictions: [[0, 2]], references: [[0, 1]]) }
            }
            let values = try config == nil ? metric.compute() : metric.compute(.average(.macro))
            #expect(values.map(\.value) == [name == "mse" ? 0 : config == nil ? 1 : 0.5])
        }
    }

    @Test func `every name loads and every configuration of glue`() throws {
        for name in Evaluate.names {
            let configs = Evaluate.configs(name)
            for config in configs { #expect(try Evaluate.load(name, config).config == config) }
            if ["glue", "super_glue", "indic_glue", "xtreme_s"].contains(name) {
                #expect(throws: MetricError.self) { try Evaluate.load(name) }
            } else {
                _ = try Evaluate.load(name)
                #expect(throws: MetricError.self) { try Evaluate.load(name, "absent") }
            }
        }
        #expect(Evaluate.configs("glue").count == 13)
    }

    @Test func `perplexity takes losses or log likelihoods`() throws {
        let metric = try Evaluate.load("perplexity")
        let losses = try metric.compute(losses: [[1.0, 3.0], [0.0]])
        #expect(try metric.compute(logLikelihoods: [[-1.0, -3.0], [0.0]]) == losses)
        #expect(losses.list("perplexities")?.count == 2)
        try metric.addBatch(losses: [2.0])
        try metric.addBatch(losses: [0.0])
        #expect(try metric.compute()["mean_perplexity"] == losses["mean_perplexity"])
    }

    @Test func `results merge and count as sequences`() throws {
        var values: MetricValues = ["a": 1, "b": .nan]
        values.merge(["b": 2, "it's": 0.5])
        #expect(values.description == "{'a': 1.0, 'b': 2.0, \"it's\": 0.5}")
        #expect(values.map(\.value) == [1, 2, 0.5])
        values["a"] = nil
        #expect(values.keys == ["b", "it's"])
        let tags = try Evaluate.load("seqeval").compute(
            predictions: [["B-PER", "I-PER", "O"]], references: [["B-PER", "I-PER", "O"]])
        #expect(tags["PER_f1"] == 1 && tags.group("PER")?["number"] == 1 && tags["overall_accuracy"] == 1)
    }

    @Test func `batches from several threads all count`() async throws {
        let metric = try Evaluate.load("accuracy")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { try metric.addBatch(predictions: [1, 0], references: [1, 1]) } }
            try await group.waitForAll()
        }
        #expect(try metric.compute(.normalize(false))["accuracy"] == 100)
    }
}
