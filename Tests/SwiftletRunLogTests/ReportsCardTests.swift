import SwiftletIO
import SwiftletRunLog
import SwiftletTestSupport
import Testing

@Suite struct ReportsCardTests {
    static let cards: [JSONValue] = {
        (try? JSONValue(contentsOf: Locations.fixture("reports/cards.json")).array) ?? []
    }()

    @Test func `the fixture has its cards`() {
        #expect(Self.cards.count == 7)
    }

    /// The whole text, but for the comment at the top, the versions at the end, and the optimizer, which Python names
    /// by the way its enumeration prints (`OptimizerNames.SGD`) and not by its value.
    @Test(arguments: cards.indices)
    func `a card equals the one that transformers makes of the same run`(index: Int) throws {
        let fixture = Self.cards[index]
        let actual = try body(try card(fixture).text)
        let expected = try body(try #require(fixture["card"]?.string)).replacing(#/OptimizerNames\.([A-Z_]+)/#) {
            $0.1.lowercased()
        }
        let actualLines = actual.split(separator: "\n", omittingEmptySubsequences: false)
        let expectedLines = expected.split(separator: "\n", omittingEmptySubsequences: false)
        for (a, e) in zip(actualLines, expectedLines) { #expect(a == e) }
        #expect(actualLines.count == expectedLines.count)
    }

    /// Python loses these: its search for the last evaluation stops short of the first entry.
    @Test func `results of a run whose log begins with its only evaluation are shown`() {
        let card = ModelCard(
            modelName: "short",
            logHistory: [
                ["eval_loss": 0.25, "eval_accuracy": 0.5, "epoch": 1.0, "step": 9],
                ["train_runtime": 1.0, "epoch": 1.0, "step": 9],
            ])
        #expect(card.results == ["Loss": 0.25, "Accuracy": 0.5])
        #expect(card.text.contains("- Loss: 0.25\n- Accuracy: 0.5\n"))
    }

    @Test func `a metric that only later evaluations have gets a column`() {
        let card = ModelCard(
            modelName: "late",
            logHistory: [
                ["eval_loss": 0.5, "epoch": 1.0, "step": 1],
                ["eval_loss": 0.25, "eval_f1": 1, "epoch": 2.0, "step": 2],
                ["train_runtime": 1.0],
            ])
        #expect(
            card.text.contains(
                """
                | Training Loss | Epoch | Step | Validation Loss | F1 |
                |:-------------:|:-----:|:----:|:---------------:|:--:|
                | No log        | 1.0   | 1    | 0.5             |    |
                | No log        | 2.0   | 2    | 0.25            | 1  |

                """))
    }

    @Test func `YAML is written as PyYAML writes it`() throws {
        let cases = try #require(try JSONValue(contentsOf: Locations.fixture("reports/yaml.json")).array)
        #expect(cases.count > 100)
        for pair in cases {
            let (value, expected) = (try #require(pair.array?[0]), pair.array?[1].string)
            #expect(YAMLText.document(["outer": [["key": value], value]]) == expected, "\(value)")
        }
    }

    @Test func `a card that somebody has gone over is not overwritten`() throws {
        let folder = try TemporaryDirectory()
        var card = ModelCard(modelName: "first", logHistory: [])
        #expect(try card.write(to: folder.path))
        card.modelName = "second"
        #expect(try card.write(to: folder.path))
        let text = try MappedFile.text(folder.file("README.md"))
        #expect(text == card.text && text.contains("# second"))
        let mine = text.replacing(#/<!--.*-->/#.dotMatchesNewlines(), with: "")
        try AtomicFile.write(mine, to: folder.file("README.md"))
        card.modelName = "third"
        #expect(try !card.write(to: folder.path))
        #expect(try MappedFile.text(folder.file("README.md")) == mine)
    }

    private func card(_ fixture: JSONValue) throws -> ModelCard {
        func texts(_ key: String) -> [String] { fixture[key]?.array?.compactMap(\.string) ?? [] }
        var card = ModelCard(
            modelName: try #require(fixture["model_name"]?.string),
            logHistory: try #require(fixture["log_history"]?.array).compactMap(\.object))
        card.languages = texts("languages")
        card.license = fixture["license"]?.string
        card.baseModel = fixture["base_model"]?.string
        card.tags = texts("tags")
        card.tasks = texts("tasks")
        card.datasets = try #require(fixture["datasets"]?.array).map { dataset in
            ModelCard.Dataset(
                try #require(dataset["tag"]?.string), name: dataset["name"]?.string, config: dataset["config"]?.string,
                split: dataset["split"]?.string, args: dataset["args"]?.string)
        }
        card.hyperparameters = ModelCard.hyperparameters(of: try #require(fixture["arguments"]?.object))
        card.versions = [("Swiftlet", "0.1")]
        return card
    }

    private func body(_ card: String) throws -> String {
        let bare = card.replacing(#/<!--.*?-->/#.dotMatchesNewlines(), with: "", maxReplacements: 1)
        let end = try #require(bare.ranges(of: "### Framework versions\n\n- ").last)
        return String(bare[..<end.upperBound])
    }
}
