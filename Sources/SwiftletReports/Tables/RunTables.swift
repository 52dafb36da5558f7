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

    static func remove(_ name: String, in folder: String) throws {
        let path = FileSystem.join(folder, name)
        if FileSystem.exists(path) { try FileSystem.remove(path) }
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
