import SwiftletHub
import SwiftletMetrics
import SwiftletTokenizers

/// Tokenizes a text, computes a metric and looks for a cache: `measure TOKENIZER`, with the folder of a tokenizer
/// of the repository's fixtures. What is expected is Python's answer.
@main
struct Measure {
    static func main() throws {
        guard CommandLine.arguments.count == 2 else { throw Mistake(description: "usage: measure TOKENIZER") }
        let tokenizer = try AutoTokenizer.fromPretrained(folder: CommandLine.arguments[1])
        let ids = try tokenizer("The cat sat, naïve!").inputIDs
        try expect(ids == [2, 806, 835, 512, 62, 797, 17, 1492, 6, 3], "the ids are \(ids)")

        let metric = try Evaluate.load("glue", "mrpc")
        let values = try metric.compute(predictions: [1, 0, 1, 1], references: [1, 0, 0, 1])
        try expect(values["accuracy"] == 0.75 && values["f1"] == 0.8, "the metrics are \(values)")

        let settings = try HubSettings(environment: ["HF_HOME": "/nonexistent"])
        do {
            let report = try HubClient(settings: settings).scanCache()
            throw Mistake(description: "a cache that is not there holds \(report.repositories.count) repositories")
        } catch let error as HubError {
            print("ids \(ids), \(values); \(error.message)")
        }
    }

    private static func expect(_ condition: Bool, _ message: String) throws {
        if !condition { throw Mistake(description: message) }
    }
}

struct Mistake: Error, CustomStringConvertible {
    let description: String
}
