import SwiftletDatasets
import SwiftletIO
import SwiftletTasks
import SwiftletTestSupport
import Testing

/// Files with answers and the rows that they are for.
@Suite struct PredictionFileTests {
    @Test func `values of JSON stay what they are`() throws {
        let folder = try TemporaryDirectory()
        let values: [Value] = [.structure(["x": 1]), "t", .list([1, "u"])]
        let rows = try Dataset.fromColumns([("m", .values(values))], features: ["m": .json])
        let joined = Predictions.join([["label": "a"], ["label": "b"], ["label": "a"]], rows)
        try Predictions.write(joined, to: folder.file("a.jsonl"))
        #expect(
            try MappedFile.text(folder.file("a.jsonl")) == """
                {"index": 0, "m": {"x": 1}, "label": "a"}
                {"index": 1, "m": "t", "label": "b"}
                {"index": 2, "m": [1, "u"], "label": "a"}

                """)
        try Predictions.write(joined, to: folder.file("a.parquet"))
        let table = try Dataset.fromFile(folder.file("a.parquet"))
        #expect(try table.features["m"] == .json && table.column("m").values() == values)
        #expect(try table.ints("index") == [0, 1, 2] && table.strings("label") == ["a", "b", "a"])
    }
}
