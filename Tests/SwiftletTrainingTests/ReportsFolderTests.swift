import SwiftletIO
import SwiftletRunLog
import SwiftletTestSupport
import SwiftletTraining
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Writes the reports of a run, for `Tools/reference/reports_check.py check` to read with Python's tools.
@Suite struct ReportsFolderTests {
    static let folder = getenv("SWIFTLET_REPORTS").map { String(cString: $0) }

    @Test(.enabled(if: folder != nil, "SWIFTLET_REPORTS names no folder"))
    func `writes all reports of a run`() throws {
        let folder = try #require(Self.folder)
        let fixture = try #require(try JSONValue(contentsOf: Locations.fixture("reports/cards.json")).array?.first)
        let history = try #require(fixture["log_history"]?.array).compactMap(\.object)
        let board = TensorBoardCallback(
            outputDir: folder, arguments: fixture["arguments"]?.object, modelConfig: ["model_type": "bert"])
        let lines = JSONLinesLogCallback(FileSystem.join(folder, "log.jsonl"))
        board.begin()
        for entry in history {
            var logs = entry
            logs["step"] = nil
            let step = try #require(entry["step"]?.int)
            board.record(logs, step: step)
            lines.record(logs, step: step)
        }
        board.end()
        try LossPlot(logHistory: history).write(to: folder)
        var card = ModelCard(modelName: "test-trainer", logHistory: history)
        card.license = "apache-2.0"
        card.baseModel = "google-bert/bert-base-uncased"
        card.datasets = [ModelCard.Dataset("glue", config: "mrpc", split: "validation", args: "mrpc")]
        card.hyperparameters = ModelCard.hyperparameters(of: try #require(fixture["arguments"]?.object))
        try card.write(to: folder)
        #expect(board.failure == nil && lines.failure == nil)
    }
}
