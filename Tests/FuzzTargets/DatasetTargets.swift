import SwiftletDatasets
import SwiftletIO

extension FuzzTarget {
    static let datasets: [FuzzTarget] = [
        file(
            "json", .json, ["datasets/list.json"],
            [#"[{"a": 1, "b": ["x", null], "c": {"d": 1.5}}, {"a": null, "b": [], "c": null}]"#]),
        file(
            "jsonl", .jsonLines, ["datasets/rows.jsonl"],
            ["{\"a\": 1, \"t\": \"x\"}\n{\"a\": 2.5, \"t\": null}\n\n{\"l\": [[1], []], \"s\": {\"p\": true}}\n"]),
        file(
            "csv", .text, ["datasets/mixed.csv", "datasets/windows.csv"],
            ["a,b\n1,\"x\"\"y\"\n,z\n", "a;b;c\n1;2,5;2020-01-01\n", "\u{feff}t\tu\n1\t2\n"]),
        file("parquet", .arrow, ["datasets/full.parquet", "datasets/json.parquet", "datasets/files/types.parquet"]),
        file(
            "arrow", .arrow,
            [
                "datasets/file.arrow", "datasets/stream.arrow", "datasets/json.arrow", "datasets/files/types.arrow",
                "datasets/files/rare.arrow",
            ]),
        features, cache, card, split,
    ]

    /// What programs do with rows; the order of rows only where there are few.
    private static func use(_ data: Dataset) throws {
        _ = data.description
        for row in 0..<min(data.count, 20) { _ = try data.row(row) }
        if data.count > 0 { _ = try data.row(data.count - 1) }
        guard data.count <= 10_000 else { return }
        _ = try data.shuffle(seed: 1).take(5).flattenIndices().batch(0..<min(data.count, 5)).description
        for name in data.columnNames.prefix(4) {
            _ = try? data.sort(by: name)
            _ = try? data.classEncodeColumn(name)
        }
    }

    /// A file of rows, read whole and as a stream.
    private static func file(
        _ format: String, _ structure: InputStructure, _ seeds: [String], _ texts: [String] = []
    ) -> FuzzTarget {
        FuzzTarget(format, structure, seeds: seeds, texts: texts) { folder in
            Datasets.isCachingEnabled = false
            let path = FileSystem.join(folder, "rows.\(format)")
            return { input in
                try put(input, path)
                _ = try? IterableDataset(files: [path]).take(20).forEach { _ = "\($0)" }
                try use(try .fromFile(path))
            }
        }
    }

    /// `dataset_info.json` of a saved dataset: what its columns are said to be.
    private static let features = FuzzTarget(
        "features", .json,
        texts: [
            """
            {"features": {"i": {"dtype": "int64", "_type": "Value"}, "t": {"dtype": "string", "_type": "Value"},
             "l": {"feature": {"dtype": "int64", "_type": "Value"}, "length": -1, "_type": "List"},
             "y": {"names": ["n", "m"], "_type": "ClassLabel"}, "s": {"p": {"dtype": "int64", "_type": "Value"}}}}
            """,
            """
            {"features": {"i": {"dtype": "int64", "_type": "Value"}, "t": {"_type": "Json"}, "y": {"dtype": "int64",
             "_type": "Value"}, "l": {"feature": {"dtype": "int64", "_type": "Value"}, "_type": "List"},
             "s": {"p": {"dtype": "int64", "_type": "Value"}}}}
            """,
            #"{"features": {"i": {"_type": "Json"}, "t": {"dtype": "timestamp[ns, tz=UTC]", "_type": "Value"}}}"#,
            #"{"features": {"l": {"feature": {"dtype": "null", "_type": "Value"}, "length": 2, "_type": "List"}}}"#,
        ]
    ) { folder in
        let saved = FileSystem.join(folder, "saved")
        try Dataset.fromColumns([
            ("i", .ints([0, 1])), ("t", .strings(["a", "b"])), ("l", .intLists([[1, 2], [3, 4]])),
            ("y", .ints([0, 1])),
            ("s", .values([.structure(["p": 1]), .null])),
        ]).saveToDisk(saved)
        return { input in
            try put(input, FileSystem.join(saved, "dataset_info.json"))
            try use(try .loadFromDisk(saved))
        }
    }

    /// The cached result of a map.
    private static let cache = FuzzTarget("cache", .arrow, seeds: ["datasets/file.arrow", "datasets/stream.arrow"]) {
        folder in
        Datasets.isCachingEnabled = true
        let path = FileSystem.join(folder, "data.arrow")
        try Dataset.fromColumns([("t", .strings(["a", "bcd", ""])), ("l", .intLists([[1], [], [2, 3]]))]).toArrow(path)
        func map() throws -> Dataset {
            try Dataset.fromFile(path).map(batched: true, cacheKey: "v1") { batch in
                ["s": .values((0..<batch.count).map { .structure(["p": .int($0), "q": .list([.string("\($0)")])]) })]
            }
        }
        let whole = try map()
        guard let place = whole.cacheFiles.first else {
            throw FileError(path: folder, message: "a map in '\(folder)' leaves no file")
        }
        let written = try bytes(of: place)
        return { input in
            Datasets.isCachingEnabled = true
            // A short input changes some bytes of what the map wrote; another one takes its place.
            var changed = input
            if input.count <= 48 {
                changed = written
                for start in stride(from: 0, to: input.count - 2, by: 3) {
                    let offset = (Int(input[start]) << 8 | Int(input[start + 1])) % changed.count
                    changed[offset] = input[start + 2]
                }
            }
            try put(changed, place)
            try use(try map())
        }
    }

    /// The text between the lines of a README.md.
    private static let card = FuzzTarget(
        "card", .text, seeds: ["datasets/labelled/README.md"],
        texts: [
            "---\nconfigs:\n- config_name: c\n  data_files:\n  - split: train\n    path: '*.csv'\n---\n",
            "---\ndataset_info:\n  features:\n  - name: a\n    list: int64\n    length: 2\n---\n",
            "---\ndataset_info:\n  features:\n  - name: a\n    dtype: int64\n  - name: b\n    dtype:\n      class_label:\n"
                + "        names:\n          '0': x\n          '1': y\n          '2': z\n---\n",
            "---\na: &a [x, *a]\nb: !!binary aGk=\n? [k]\n: {v: 1e3, w: ~}\n---\n",
        ]
    ) { folder in
        let data = FileSystem.join(folder, "data")
        try FileSystem.createDirectory(data)
        try put("a,b\n1,2\n", FileSystem.join(data, "train.csv"))
        return { input in
            try put(input, FileSystem.join(data, "README.md"))
            for rows in try loadDataset(folder: data).datasets { try use(rows) }
        }
    }

    /// Split expressions of the command line and of cards.
    private static let split = FuzzTarget(
        "split", .text,
        texts: [
            "train", "train[:10%]", "train[100:-50]", "train+test[50%:]", "all", "test[-1:]",
            "train[10%:20%](pct1_dropremainder)", "train[1 : 2]+test[3%:]",
        ]
    ) { _ in
        let rows = try Dataset.fromColumns([("a", .ints(Array(0..<7)))])
        let all = DatasetDict([("train", rows), ("test", rows)])
        return { input in
            guard let text = String(validating: input, as: UTF8.self) else { return }
            _ = try all.rows(text).count
        }
    }
}
