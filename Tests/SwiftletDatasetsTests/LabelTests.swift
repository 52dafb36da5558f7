import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct LabelTests {
    private let composed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    private func column(_ data: ColumnData, _ feature: Feature? = nil) throws -> Dataset {
        try Dataset.fromColumns([("label", data)], features: feature.map { ["label": $0] })
    }

    private func names(_ data: ColumnData, order: LabelOrder = .value) throws -> [String] {
        try Dataset.labelNames(of: "label", in: [column(data)], order: order)
    }

    @Test func `canonically equal labels are two`() throws {
        let labels = try column(.strings([composed, decomposed, composed]))
        let encoded = try labels.classEncodeColumn("label")
        #expect(try encoded.ints("label") == [1, 0, 1])
        #expect(try #require(encoded.features["label"]?.names).areSame(as: [decomposed, composed]))
        let feature = Feature.classLabel(names: [composed, decomposed])
        #expect(try feature.str2int(decomposed) == 1 && feature.str2int([decomposed, composed]) == [1, 0])
        #expect(try labels.castColumn("label", to: feature).ints("label") == [0, 1, 0])
        #expect(feature != .classLabel(names: [decomposed, composed]))
        #expect(throws: DatasetError.self) { try Feature.classLabel(names: [composed]).str2int(decomposed) }
    }

    @Test func `canonically equal columns are two`() throws {
        let data = try Dataset.fromColumns([(composed, .ints([1])), (decomposed, .ints([2]))])
        #expect(try data.ints(composed) == [1] && data.ints(decomposed) == [2])
        #expect(try data[0][composed] == .int(1) && data[0][decomposed] == .int(2))
        #expect(try data.removeColumns(composed).columnNames.areSame(as: [decomposed]))
        #expect(try data.selectColumns([decomposed, composed]).ints(decomposed) == [2])
        #expect(try data.renameColumn(composed, to: "a").ints(decomposed) == [2])
        #expect(try data.renameColumns([composed: "a"]).columnNames.areSame(as: ["a", decomposed]))
        let mapped = try data.map { [composed: .int($0[decomposed]!.int! + 5)] }
        #expect(try mapped.ints(composed) == [7] && mapped.ints(decomposed) == [2])
        #expect(Value.string(composed) != .string(decomposed))
        #expect(try data.withFormat(columns: [decomposed])[0].names.areSame(as: [decomposed]))
        #expect(try data.sort(by: [composed, decomposed]).count == 1)
        let folder = try TemporaryDirectory()
        let splits = DatasetDict([(composed, data), (decomposed, try data.select(0..<0))])
        #expect(try splits[composed].count == 1 && splits[decomposed].count == 0)
        try splits.saveToDisk(folder.file("saved"))
        #expect(try DatasetDict.loadFromDisk(folder.file("saved")).splits.areSame(as: [composed, decomposed]))
    }

    @Test(.enabled(if: Locations.hasShared)) func `a folder with labels that differ in composition only`() throws {
        let data = try loadDataset(folder: Locations.shared("cases/data/labels-nfc-nfd"))["train"]
        let encoded = try data.classEncodeColumn("label")
        #expect(Set(try encoded.ints("label")) == [0, 1])
    }

    @Test func `labels get names by their kind`() throws {
        #expect(try names(.strings(["pos", "neg", "pos"])) == ["neg", "pos"])
        #expect(try names(.bools([true, false, true])) == ["False", "True"])
        #expect(try names(.ints([10, 5, 1, 2, -1])) == ["1", "2", "5", "10"])
        #expect(try names(.ints([10, 5, 1, 2]), order: .text) == ["1", "10", "2", "5"])
        #expect(try names(.ints([30_000_000, 0])) == ["0", "30000000"])
        #expect(try names(.ints([.max, .min, 0])) == ["\(Int.min)", "0", "\(Int.max)"])
        #expect(try names(.doubles([2, 0.5, 10])) == ["0.5", "2.0", "10.0"])
        #expect(try names(.doubles([.nan, 1, .infinity, .nan])) == ["1.0", "inf", "nan"])
        #expect(try names(.optionalStrings(["b", nil, "a"])) == ["a", "b"])
        #expect(try names(.stringLists([["b", "a"], [], ["c"]])) == ["a", "b", "c"])
        #expect(try names(.intLists([[3, 10], [2]])) == ["2", "3", "10"])
        #expect(try names(.values([.null, .null])) == [])
        #expect(throws: DatasetError.self) { try names(.values([.structure(["a": 1])])) }
        #expect(throws: DatasetError.self) { try names(.values([.date(days: 1)])) }
    }

    @Test func `labels beyond 64 signed bits are told apart`() throws {
        // Arrow's cast keeps the bits; values of a file are the same.
        let big = try column(.ints([1, 2, 3])).castColumn("label", to: .value("uint64"))
        #expect(try big.classEncodeColumn("label").ints("label") == [0, 1, 2])
        let folder = try TemporaryDirectory()
        let rows = ["18446744073709551615", "9223372036854775808", "5"].map { "{\"label\": \"\($0)\"}\n" }.joined()
        try AtomicFile.write(rows, to: folder.file("big.jsonl"))
        let text = try Dataset.fromFile(folder.file("big.jsonl")).castColumn("label", to: .value("uint64"))
        #expect(
            try Dataset.labelNames(of: "label", in: [text]) == ["5", "9223372036854775808", "18446744073709551615"])
        #expect(try text.classEncodeColumn("label", order: .value).ints("label") == [2, 1, 0])
    }

    @Test func `all splits have the names of all`() throws {
        let splits = DatasetDict([
            ("train", try column(.strings(["b", "a"]))), ("validation", try column(.strings(["c", "b"]))),
        ])
        let names = try splits.labelNames(of: "label")
        #expect(names == ["a", "b", "c"])
        let encoded = try splits.encodeLabels("label", names: names)
        #expect(try encoded["train"].ints("label") == [1, 0] && encoded["validation"].ints("label") == [2, 1])
        // Integers in one split, the same numbers with a point in another.
        let mixed = try Dataset.labelNames(of: "label", in: [column(.ints([3, 1])), column(.doubles([1, 5]))])
        #expect(mixed == ["1", "3", "5"])
        #expect(try column(.doubles([1, 5])).encodeLabels("label", names: mixed).ints("label") == [0, 2])
        #expect(try column(.ints([1, 2])).encodeLabels("label", names: ["1.0", "2.0"]).ints("label") == [0, 1])
        // Declared names stay in their order.
        let declared = try column(.ints([0, 1]), .classLabel(names: ["z", "y"]))
        #expect(try Dataset.labelNames(of: "label", in: [declared, column(.strings(["x", "y"]))]) == ["z", "y", "x"])
    }

    @Test func `labels are encoded by their names, not by their numbers`() throws {
        let swapped = try column(.ints([0, 1, -1]), .classLabel(names: ["pos", "neg"]))
        let encoded = try swapped.encodeLabels("label", names: ["neg", "pos"])
        #expect(try encoded.ints("label") == [1, 0, -1])
        #expect(encoded.features["label"] == .classLabel(names: ["neg", "pos"]))
        #expect(try column(.ints([1, 0])).encodeLabels("label", names: ["neg", "pos"]).ints("label") == [1, 0])
        // Where the names are numbers, a number is a name.
        #expect(throws: DatasetError.self) { try column(.ints([2])).encodeLabels("label", names: ["1", "3", "5"]) }
        let stranger = #expect(throws: DatasetError.self) {
            try column(.strings(["neg", "other"])).encodeLabels("label", names: ["neg", "pos"])
        }
        #expect(stranger?.message == "column 'label', row 1: other is none of the 2 labels")
        #expect(stranger?.remedy == "The labels are 'neg', 'pos'.")
        #expect(try column(.strings([" pos "])).encodeLabels("label", names: ["neg", "pos"]).ints("label") == [1])
        let missing = try column(.optionalStrings(["pos", nil])).encodeLabels("label", names: ["neg", "pos"])
        #expect(try missing.column("label").optionalInts() == [1, nil])
        let many = try column(.stringLists([["b", "a"], []])).encodeLabels("label", names: ["a", "b"])
        #expect(many.features["label"] == .list(.classLabel(names: ["a", "b"])))
        #expect(try many.intLists("label", rows: 0..<2) == [[1, 0], []])
        let chosen = try column(.strings(["a", "b", "c"])).select([2, 0]).encodeLabels("label", names: ["a", "b", "c"])
        #expect(try chosen.ints("label") == [2, 0])
    }

    @Test func `a column of ids is no column of labels`() throws {
        let ids = try column(.ints(Array(0..<5000)))
        let error = #expect(throws: DatasetError.self) { try Dataset.labelNames(of: "label", in: [ids], atMost: 100) }
        #expect(error?.message == "column 'label' has more than 100 different labels, such as '0', '1', '2'")
        #expect(try Dataset.labelNames(of: "label", in: [ids], atMost: 5000).count == 5000)
    }

    @Test func `lists of 0 and 1 are told from lists of labels`() throws {
        #expect(try column(.intLists([[0, 1, 0], [1, 1, 0]])).multiHotWidth(of: "label") == 3)
        #expect(try column(.doubleLists([[0, 1], [1, 1]])).multiHotWidth(of: "label") == 2)
        #expect(try column(.values([[true, false], [false, true]])).multiHotWidth(of: "label") == 2)
        #expect(try column(.intLists([[0, 1], [1]])).multiHotWidth(of: "label") == nil)
        #expect(try column(.intLists([[0, 2], [1, 1]])).multiHotWidth(of: "label") == nil)
        #expect(try column(.stringLists([["a"]])).multiHotWidth(of: "label") == nil)
        #expect(try column(.ints([0, 1])).multiHotWidth(of: "label") == nil)
        #expect(try column(.intLists([[], []])).multiHotWidth(of: "label") == nil)
    }

    @Test func `class encoding is Python's`() throws {
        let numbers = try column(.doubles([1, 0.5, 1, 10])).classEncodeColumn("label")
        #expect(numbers.features.description == "{'label': ClassLabel(names=['0.5', '1.0', '10.0'])}")
        #expect(try numbers.ints("label") == [1, 0, 1, 2])
        #expect(try column(.bools([true, false])).classEncodeColumn("label").ints("label") == [1, 0])
        let missing = try column(.optionalStrings(["b", nil, "a"]))
        #expect(try missing.classEncodeColumn("label").column("label").optionalInts() == [1, nil, 0])
        let included = try missing.classEncodeColumn("label", includeNulls: true)
        #expect(included.features["label"]?.names == ["None", "a", "b"])
        #expect(try included.ints("label") == [2, 0, 1])
        #expect(throws: DatasetError.self) { try column(.stringLists([["a"]])).classEncodeColumn("label") }
        #expect(throws: DatasetError.self) { try column(.ints([1])).classEncodeColumn("other") }
    }
}
