import Logging
import SwiftletDatasets
import SwiftletIO

extension RunReport {
    /// What of the data a reader should look at before trusting the results, each in one sentence; none where nothing was
    /// found.
    package func findings() throws -> [String] {
        var found: [String] = []
        if let duplicates, duplicates.numRows > 0, let table {
            found.append(
                "\(Self.part(duplicates.numRows, of: table.count)) \(duplicates.numRows == 1 ? "stands" : "stand") in the "
                    + "training split too, or nearly, so that results may be too good: see \(RunFiles.nearDuplicates)")
        }
        if let doubtful = try labelIssues(), !doubtful.found.isEmpty {
            found.append(
                "\(Self.part(doubtful.found.count, of: doubtful.rows.count)) \(doubtful.found.count == 1 ? "has" : "have") a "
                    + "probable label error, if the model is a good one: see 'Probable label errors' in \(RunFiles.page)"
            )
        }
        return found
    }

    /// Says where the page is, and what was found in the data.
    func announce(_ folder: String, _ logger: Logger) throws {
        for finding in try findings() { logger.notice("\(finding)") }
        logger.info("report in \(FileSystem.join(folder, RunFiles.page))")
    }

    private static func part(_ count: Int, of all: Int) -> String {
        "\(count) of \(counted(all, "evaluated row")) (\(ShownNumber.short((Double(count) / Double(all) * 1000).rounded() / 10))%)"
    }

    /// Evaluated rows whose labels confident learning doubts, as places among the labelled rows; `nil` for other tasks.
    func labelIssues() throws -> (found: [LabelIssues.Issue], rows: [Int])? {
        guard let table, table.kind == .classes else { return nil }
        let (rows, labels, _) = try table.labelledClasses()
        let all = try table.probabilities()
        let issues = LabelIssues(labels: labels, probabilities: rows.map { all[$0] }, classCount: table.labels.count)
        return (issues.issues, rows)
    }
}
