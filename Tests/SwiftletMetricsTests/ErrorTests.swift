import SwiftletIO
import SwiftletMetrics
import SwiftletTestSupport
import Testing

/// What errors of metrics tell a program: the kind, the place, and a remedy for each kind of caller.
@Suite struct MetricErrorTests {
    struct Fault: CustomStringConvertible {
        var description: String
        var kind: MetricError.Kind
        var location: ErrorLocation
        var run: @Sendable () throws -> Void

        init(
            _ description: String, _ kind: MetricError.Kind, column: String? = nil, row: Int? = nil,
            option: String? = nil, _ run: @escaping @Sendable () throws -> Void
        ) {
            self.description = description
            self.kind = kind
            location = ErrorLocation(column: column, row: row, option: option)
            self.run = run
        }
    }

    private static func ints(_ name: String, _ config: String? = nil, _ options: MetricOption...) throws {
        let metric = try options.reduce(try Evaluate.load(name, config)) { try $0.with($1) }
        _ = try metric.compute(predictions: [0, 1, 2], references: [0, 1, 2])
    }

    private static func scores(_ name: String, _ scores: [[Double]], _ labels: [Int], _ options: MetricOption...) throws
    {
        let metric = try options.reduce(try Evaluate.load(name)) { try $0.with($1) }
        _ = try metric.compute(predictions: scores, references: labels)
    }

    private static func texts(_ name: String, _ p: [String], _ r: [[String]], _ options: MetricOption...) throws {
        let metric = try options.reduce(try Evaluate.load(name)) { try $0.with($1) }
        _ = try metric.compute(predictions: p, references: r)
    }

    private static func json(_ text: String) throws { _ = try MetricOption.options(JSONValue(parsing: text)) }

    static let faults: [Fault] = [
        Fault("counts", .countMismatch, column: "predictions") {
            _ = try Evaluate.load("accuracy").compute(predictions: [1, 2], references: [1])
        },
        Fault("nothing added", .empty, column: "predictions") { _ = try Evaluate.load("accuracy").compute() },
        Fault("no rows", .empty, column: "predictions") {
            _ = try Evaluate.load("mse").compute(predictions: [Double](), references: [Double]())
        },
        Fault("no texts", .empty, column: "predictions") { try texts("bleu", [], []) },
        Fault("weights", .invalidOption, option: "sample_weight") {
            _ = try Evaluate.load("wer").compute(predictions: ["a"], references: ["a"], sampleWeight: [1])
        },
        Fault("weight NaN", .format, row: 1, option: "sample_weight") {
            _ = try Evaluate.load("mse").compute(predictions: [1, 2], references: [1, 2], sampleWeight: [1, .nan])
        },
        Fault("weights of 0", .invalidOption, option: "sample_weight") {
            _ = try Evaluate.load("mse").compute(predictions: [1.0], references: [1.0], sampleWeight: [0])
        },
        Fault("unknown option", .invalidOption, option: "average") { try ints("accuracy", nil, .average(.macro)) },
        Fault("too many classes", .format, column: "references", option: "average") { try ints("f1") },
        Fault("samples", .invalidOption, option: "average") { try ints("f1", nil, .average(.samples)) },
        Fault("absent labels", .invalidOption, option: "labels") { try ints("confusion_matrix", nil, .labels([7])) },
        Fault("logits as classes", .format, column: "predictions") {
            _ = try Evaluate.load("accuracy").compute(predictions: [0.5], references: [1])
        },
        Fault("NaN", .format, column: "predictions", row: 1) { try scores("roc_auc", [[0.1], [.nan]], [0, 1]) },
        Fault("no probability", .format, column: "predictions", row: 0) {
            try scores("calibration_error", [[1.5]], [1])
        },
        Fault("multi_class", .invalidOption, option: "multi_class") {
            try scores("roc_auc", [[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.3, 0.5, 0.2]], [0, 1, 2])
        },
        Fault("max_fpr", .invalidOption, option: "max_fpr") {
            try scores("roc_auc", [[0.1], [0.2]], [0, 1], .maxFPR(2))
        },
        Fault("labels unordered", .invalidOption, option: "labels") {
            try scores("average_precision", [[0.2, 0.3, 0.5], [0.5, 0.3, 0.2]], [0, 1], .labels([1, 0, 2]))
        },
        Fault("labels of two classes", .invalidOption, option: "labels") {
            try scores("average_precision", [[0.2], [0.5]], [0, 1], .labels([0, 1]))
        },
        Fault("k", .invalidOption, option: "k") { try scores("top_k_accuracy", [[0.2], [0.5]], [0, 1], .k(0)) },
        Fault("bootstrap", .invalidOption, option: "strategy") { try ints("accuracy", nil, .bootstrap(resamples: 0)) },
        Fault("late", .invalidOption, option: "tokenize") {
            let metric = try Evaluate.load("sacrebleu")
            try metric.addBatch(predictions: ["a"], references: ["a"])
            _ = try metric.compute(.tokenize(.char))
        },
        Fault("no reference", .format, column: "references", row: 1) { try texts("chrf", ["a", "b"], [["a"], []]) },
        Fault("uneven references", .countMismatch, column: "references", row: 1) {
            try texts("sacrebleu", ["a", "b"], [["a"], ["a", "b"]])
        },
        Fault("no words", .empty, column: "references") { try texts("bleu", ["a"], [[""]]) },
        Fault("no words to err in", .empty, column: "references") {
            _ = try Evaluate.load("wer").compute(predictions: ["a"], references: [" "])
        },
        Fault("several references", .format, column: "references") { try texts("wer", ["a"], [["a"]]) },
        Fault("short", .empty, column: "predictions", option: "n") { try texts("nist_mt", ["a"], [["a"]]) },
        Fault("rouge type", .invalidOption, option: "rouge_types") {
            try texts("rouge", ["a"], [["a"]], .rougeTypes(["rougeX"]))
        },
        Fault("order", .invalidOption, option: "max_order") { try texts("bleu", ["a"], [["a"]], .maxOrder(0)) },
        Fault("order", .invalidOption, option: "char_order") { try texts("chrf", ["a"], [["a"]], .charOrder(-1)) },
        Fault("beta", .invalidOption, option: "beta") { try texts("chrf", ["a"], [["a"]], .beta(.infinity)) },
        Fault("seed", .invalidOption, option: "seed") { try texts("rouge", ["a"], [["a"]], .seed(-1)) },
        Fault("sources", .format, column: "sources") { try texts("sari", ["a"], [["a"]]) },
        Fault("nltk_data", .invalidOption, option: "nltk_data") { try texts("meteor", ["a"], [["a"]]) },
        Fault("training", .invalidOption, option: "training") {
            _ = try Evaluate.load("mase").compute(predictions: [1.0], references: [1.0])
        },
        Fault("periodicity", .invalidOption, option: "periodicity") {
            _ = try Evaluate.load("mase").compute(
                predictions: [1.0], references: [1.0], .training([1, 2]), .periodicity(Int.max))
        },
        Fault("num_labels", .invalidOption, option: "num_labels") {
            _ = try Evaluate.load("mean_iou").compute(predictions: [[1]], references: [[1]], .ignoreIndex(0))
        },
        Fault("pixels", .countMismatch, column: "predictions", row: 1) {
            _ = try Evaluate.load("mean_iou").compute(predictions: [[1], [1]], references: [[1], [1, 2]])
        },
        Fault("unanswered", .countMismatch, column: "predictions") {
            _ = try Evaluate.load("squad_v2").compute(
                predictions: [MetricRecord(id: "a", predictionText: "x")],
                references: [MetricRecord(id: "b", answers: [])])
        },
        Fault("tags", .countMismatch, column: "predictions", row: 0) {
            _ = try Evaluate.load("poseval").compute(predictions: [["A"]], references: [["A", "B"]])
        },
        Fault("needs a model", .unsupported) { _ = try Evaluate.load("bertscore") },
        Fault("mistyped", .unknownMetric) { _ = try Evaluate.load("rogue") },
        Fault("taken", .invalidOption, option: "name") { try Evaluate.register("bleu") { _ in [:] } },
        Fault("JSON, no object", .invalidOption, option: "metric_args") { try json("[]") },
        Fault("JSON, mistyped", .invalidOption, option: "averge") { try json(#"{"averge": "macro"}"#) },
        Fault("JSON, value", .invalidOption, option: "max_order") { try json(#"{"max_order": 1.5}"#) },
        Fault("JSON, function", .invalidOption, option: "tokenizer") { try json(#"{"tokenizer": "x"}"#) },
        Fault("JSON, dictionary", .unsupported, option: "tokenize") { try json(#"{"tokenize": "ja-mecab"}"#) },
        Fault("JSON, scheme alone", .invalidOption, option: "scheme") { try json(#"{"scheme": "IOB2"}"#) },
    ]

    @Test(arguments: faults) func `names the place and both remedies`(fault: Fault) throws {
        let error = try #require(throws: MetricError.self, performing: fault.run)
        #expect(error.kind == fault.kind && error.location == fault.location, "\(error) \(error.location)")
        let (swift, commandLine) = (error.remedy ?? "", error.commandLineRemedy ?? "")
        #expect(!swift.isEmpty && !commandLine.isEmpty, "\(error)")
        // What is Swift's is no help on the command line.
        for word in [".with(", "addBatch", "MetricRecord", "Evaluate.", "compute("] {
            #expect(!commandLine.contains(word), "\(commandLine)")
        }
    }

    @Test func `says what was meant`() throws {
        let error = try #require(throws: MetricError.self) { try Evaluate.load("rogue") }
        #expect(error.remedy?.hasPrefix("Did you mean 'rouge'?") == true)
        let option = try #require(throws: MetricError.self) { try MetricOption.options(["averge": "macro"]) }
        #expect(option.remedy?.hasPrefix("Did you mean 'average'?") == true)
    }

    @Test func `a refused batch of texts changes nothing`() throws {
        let metric = try Evaluate.load("chrf")
        try metric.addBatch(predictions: ["abc"], references: [["abc"]])
        #expect(throws: MetricError.self) { try metric.addBatch(predictions: ["abc", "x"], references: [["x"], []]) }
        #expect(throws: MetricError.self) { try metric.addBatch(predictions: ["abc"], references: [["x", "y"]]) }
        #expect(try metric.compute()["score"] == 100)
    }

    /// No number from outside ends the process.
    @Test(arguments: [Int.min, -1, 0, 1, 100, Int.max]) func `extreme numbers`(number: Int) throws {
        let options: [(String, MetricOption)] = [
            ("bleu", .maxOrder(number)), ("google_bleu", .minLength(number)), ("google_bleu", .maxLength(number)),
            ("chrf", .charOrder(number)), ("chrf", .wordOrder(number)), ("nist_mt", .order(number)),
            ("rouge", .seed(number)), ("chrf", .beta(Double(number))),
        ]
        for (name, option) in options {
            let metric = try Evaluate.load(name).with(option)
            let result = Result { () throws(MetricError) -> MetricValues in
                try metric.compute(predictions: ["a b c d e f"], references: [["a b c d e f"]])
            }
            switch result {
            case .success(let values): #expect(values.allSatisfy { !$0.value.isNaN }, "\(name) \(option)")
            case .failure(let error): #expect(error.location != ErrorLocation(), "\(error)")
            }
        }
        let iou = try Evaluate.load("mean_iou").with(.ignoreIndex(255), .numLabels(number), .reduceLabels)
        _ = try? iou.compute(predictions: [[0, number]], references: [[number, Int.min]])
        let top = try Evaluate.load("top_k_accuracy").with(.k(number))
        _ = try? top.compute(predictions: [0.5, 0.1], references: [0, 1])
    }
}
