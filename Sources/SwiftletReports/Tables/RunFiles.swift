import SwiftletDatasets
import SwiftletIO

/// The files of a run's folder that reports and comparisons are made from.
public enum RunFiles {
    /// What was run, on what and where.
    public static let record = "run.json"
    /// The answers to the rows that were evaluated.
    public static let predictions = "predictions.parquet"
    /// Training rows whose labels are probably wrong.
    public static let labelSuspects = "label_suspects.parquet"
    /// Evaluated rows that stand in the training split too, or nearly.
    public static let nearDuplicates = "near_duplicates.parquet"
    /// The page.
    public static let page = "report.html"

    /// Files that show rows of the data, or folders of this machine: they stay where they are when a model is uploaded.
    public static let privateFiles = [record, predictions, labelSuspects, nearDuplicates, page]

    static func table(_ name: String, in folder: String) throws -> Dataset? {
        let path = FileSystem.join(folder, name)
        return FileSystem.exists(path) ? try loadDataset(files: [("rows", path)]).split("rows") : nil
    }

    /// Takes away what an earlier run has left, which says nothing about this one. Where that can't be done, it stays.
    ///
    /// - Returns: whether there was something.
    @discardableResult
    static func removeStale(_ name: String, in folder: String) -> Bool {
        let path = FileSystem.join(folder, name)
        guard FileSystem.isRegularFile(path) else { return false }
        return (try? FileSystem.remove(path)) != nil
    }

    /// Takes away all that the report of an earlier run has left in a folder.
    ///
    /// - Returns: the names of the files.
    @discardableResult
    package static func removeStale(in folder: String) -> [String] {
        privateFiles.filter { removeStale($0, in: folder) }
    }

    /// - Throws: `ReportError` for a folder that has the name of one of these files: better before a run than after it.
    static func checkPlaces(in folder: String) throws {
        for name in privateFiles {
            let path = FileSystem.join(folder, name)
            guard FileSystem.isDirectory(path) else { continue }
            throw ReportError(
                .unwritten, "'\(path)' is a folder, and the report needs a file of that name",
                remedy: "Move it away, or {call run()|give --no-report}.", at: ErrorLocation(path: path))
        }
    }
}

extension NearDuplicates {
    /// The pairs as a table: `row`, `train_row`, `similarity`, `text` and `train_text`.
    func table(of others: [String], in texts: [String]) throws -> Dataset {
        try .fromColumns([
            ("row", .ints(pairs.map(\.row))), ("train_row", .ints(pairs.map(\.other))),
            ("similarity", .doubles(pairs.map(\.similarity))), ("text", .strings(pairs.map { others[$0.row] })),
            ("train_text", .strings(pairs.map { texts[$0.other] })),
        ])
    }
}
