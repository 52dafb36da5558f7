import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

/// Everything that `Tools/reference/datasets_fixtures.py` had Python say.
let expected: JSONValue = (try? JSONValue(contentsOf: Locations.fixture("datasets/expected.json"))) ?? .null

func fixture(_ name: String) -> String { Locations.fixture("datasets/\(name)") }

/// The dataset prints, whole and by row, as Python's.
func expectSame(_ dataset: Dataset, _ described: JSONValue?, _ comment: Comment = "") throws {
    let described = try #require(described, comment)
    #expect(dataset.description == described["repr"]?.string, comment)
    #expect(dataset.features.description == described["features"]?.string, comment)
    let rows = try #require(described["rows"]?.array)
    #expect(dataset.count == rows.count)
    for (index, row) in rows.enumerated() where index < dataset.count {
        #expect(try dataset[index].description == row.string, comment)
    }
    #expect(
        try dataset[min(1, dataset.count)..<min(4, dataset.count)].description == described["batch"]?.string, comment)
    let columns = try #require(described["columns"]?.array)
    for (name, column) in zip(dataset.columnNames, columns) {
        #expect(try dataset[name].description == column.string, comment)
    }
}

@Suite struct PythonTextTests {
    @Test(arguments: [
        "full.parquet", "stream.arrow", "file.arrow", "mixed.csv", "mixed.tsv", "windows.csv", "rows.jsonl",
        "list.json",
        "texts.json",
    ])
    func `a file prints as in Python`(_ name: String) throws {
        try expectSame(Dataset.fromFile(fixture(name)), expected["files"]?[name], "\(name)")
    }

    @Test func `values print as in Python`() {
        let values: [(Value, String)] = [
            (.double(1e16), "1e+16"), (.double(12_345_678_901_234_568), "1.2345678901234568e+16"),
            (.double(1e22), "1e+22"),
            (.double(-1e16), "-1e+16"), (.double(123_456.0), "123456.0"), (.double(1e-5), "1e-05"),
            (.double(0.0001), "0.0001"),
            (.double(-0.0), "-0.0"), (.double(.nan), "nan"), (.double(-.infinity), "-inf"),
            (.binary([0, 39, 65]), "b\"\\x00'A\""),
            (.timestamp(microseconds: -1), "datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)"),
            (.timestamp(microseconds: 951_782_400_000_000), "datetime.datetime(2000, 2, 29, 0, 0)"),
            (.date(days: -719_162), "datetime.date(1, 1, 1)"), (.list([nil, true, [1]]), "[None, True, [1]]"),
            ("\u{1F468}\u{200D}\u{1F469}", "'\u{1F468}\\u200d\u{1F469}'"), (.structure(["a'": 1]), "{\"a'\": 1}"),
        ]
        for (value, text) in values { #expect(value.description == text) }
    }

    @Test func `an empty dataset prints`() throws {
        #expect(try Dataset.fromColumns([]).description == "Dataset({\n    features: [],\n    num_rows: 0\n})")
        #expect(try Dataset.fromColumns([("a", .ints([]))])["a"].description == "Column([])")
    }
}
