import SwiftletMetrics
import Testing

@Suite struct MetricTests {
    @Test func `glue prints like Python`() throws {
        let metric = try Evaluate.load("glue", "mrpc")
        let values = try metric.compute(predictions: [1, 1, 0, 1], references: [1, 0, 0, 1])
        #expect(values.description == "{'accuracy': 0.75, 'f1': 0.8}")
        #expect(values["accuracy"] == 0.75 && values["f1"] == 0.8 && values["absent"] == nil)
        #expect(values.map(\.key) == ["accuracy", "f1"])
    }

    @Test func `batches add up and compute empties`() throws {
        let metric = try Evaluate.load("accuracy")
        try metric.addBatch(predictions: [1, 0], references: [1, 1])
        try metric.add(prediction: 2, reference: 2)
        #expect(try metric.compute()["accuracy"] == 2.0 / 3)
        let error = try #require(throws: MetricError.self) { try metric.compute() }
        #expect(error.message.contains("at least once before calling `compute`"))
        #expect(try metric.compute(predictions: [1], references: [1])["accuracy"] == 1)
    }

    @Test func `says what is wrong`() throws {
        let lengths = try #require(throws: MetricError.self) {
            try Evaluate.load("accuracy").compute(predictions: [1, 2], references: [1])
        }
        #expect(lengths.message == "Mismatch in the number of predictions (2) and references (1)")
        let config = try #require(throws: MetricError.self) { try Evaluate.load("glue", "mprc") }
        #expect(config.message.contains("\"mrpc\", \"qqp\""))
        let name = try #require(throws: MetricError.self) { try Evaluate.load("acuracy") }
        #expect(name.remedy?.contains("accuracy") == true)
        let classes = try #require(throws: MetricError.self) {
            try Evaluate.load("f1").compute(predictions: [0, 1, 2], references: [0, 1, 2])
        }
        #expect(classes.remedy?.contains(".average(.macro)") == true)
        let logits = try #require(throws: MetricError.self) {
            try Evaluate.load("accuracy").compute(predictions: [0.3, 0.7], references: [0, 1])
        }
        #expect(logits.remedy?.contains("argmax") == true)
        #expect(throws: MetricError.self) {
            try Evaluate.load("accuracy").compute(predictions: [0], references: [0], .average(.macro))
        }
    }
}
