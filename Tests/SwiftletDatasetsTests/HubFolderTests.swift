import SwiftletDatasets
import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct HubFolderTests {
    private func check(_ name: String, _ dict: DatasetDict) throws {
        let described = try #require(expected["folders"]?[name])
        #expect(dict.description == described["repr"]?.string)
        let splits = try #require(described["splits"]?.object)
        #expect(dict.splits == splits.keys)
        for (split, text) in splits { try expectSame(try dict.split(split), text, "\(split)") }
    }

    @Test func `a card's config with labels as text`() throws {
        try check("reviews", loadDataset(folder: fixture("labelled"), "reviews"))
    }

    @Test func `a card's config with one pattern`() throws {
        try check("all", loadDataset(folder: fixture("labelled"), "all"))
    }

    @Test func `files found by their names with the card's features`() throws {
        try check("plain", loadDataset(folder: fixture("plain")))
    }

    @Test func `one split`() throws {
        let dict = try loadDataset(folder: fixture("labelled"), "reviews", split: "validation")
        #expect(try dict.splits == ["validation"] && dict["validation"].count == 1)
    }

    @Test func `files by split, several to one`() throws {
        let dict = try loadDataset(files: [
            ("train", fixture("labelled/reviews/train-1.csv")), ("dev", fixture("labelled/reviews/dev.csv")),
            ("train", fixture("labelled/reviews/dev.csv")),
        ])
        #expect(try dict.splits == ["train", "dev"] && dict["train"].count == 3 && dict["dev"].count == 1)
        #expect(try loadDataset(folder: fixture("mixed.csv")).splits == ["train"])
    }

    @Test(.enabled(if: Locations.hasShared, "needs the reference data"))
    func `MRPC prints what the course prints`() throws {
        let dict = try loadDataset(folder: Locations.shared("hub/datasets/nyu-mll/glue"), "mrpc")
        let split = { (name: String, rows: Int) in
            "    \(name): Dataset({\n        features: ['sentence1', 'sentence2', 'label', 'idx'],\n        num_rows: \(rows)\n    })\n"
        }
        #expect(
            dict.description == "DatasetDict({\n" + split("train", 3668) + split("validation", 408)
                + split("test", 1725) + "})")
        let train = try dict["train"]
        #expect(
            train.features.description
                == "{'sentence1': Value('string'), 'sentence2': Value('string'), 'label': ClassLabel(names=['not_equivalent', 'equivalent']), 'idx': Value('int32')}"
        )
        #expect(
            try train[0].description
                == "{'sentence1': 'Amrozi accused his brother , whom he called \" the witness \" , of deliberately distorting his evidence .', 'sentence2': 'Referring to him as only \" the witness \" , Amrozi accused his brother of deliberately distorting his evidence .', 'label': 1, 'idx': 0}"
        )
        #expect(
            try train.shuffle(seed: 42).ints("idx").prefix(10) == [
                3946, 3683, 3919, 485, 2251, 2173, 3936, 1603, 1351, 736,
            ])
        #expect(try train.strings("sentence1").count == 3668)
    }

    private func message(_ body: () throws -> Void) throws -> String {
        try #require(throws: DatasetError.self, performing: body).description
    }

    @Test func `unknown folders, configs and splits are named with those there are`() throws {
        #expect(try message { _ = try loadDataset(folder: "/nowhere") }.contains("/nowhere"))
        let none = try message { _ = try loadDataset(folder: fixture("labelled")) }
        #expect(none.contains("'reviews', 'all'"))
        let unknown = try message { _ = try loadDataset(folder: fixture("labelled"), "x") }
        #expect(unknown.contains("'x'") && unknown.contains("'reviews', 'all'"))
        #expect(try message { _ = try loadDataset(folder: fixture("plain"), "x") }.contains("'x'"))
        let split = try message { _ = try loadDataset(folder: fixture("labelled"), "reviews", split: "test") }
        #expect(split.contains("'test'") && split.contains("'train', 'validation'"))
        #expect(
            try message {
                _ = try loadDataset(
                    folder: fixture("plain"), split: "test")
            }.contains("'train', 'validation'"))
        #expect(try message { _ = try loadDataset(files: []) }.contains("no files"))
    }

    @Test(arguments: [
        "../outside.csv", "/etc/passwd", "a/../../outside.csv", "hf://x/y.csv", "~/x.csv", "..", "**/../../*",
    ])
    func `a card's paths stay within the folder`(_ pattern: String) throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write("a\n1\n", to: folder.file("outside.csv"))
        try AtomicFile.write("a\n1\n", to: folder.file("set/data.csv"))
        try AtomicFile.write(
            "---\nconfigs:\n- config_name: d\n  data_files: \"\(pattern)\"\n---\n", to: folder.file("set/README.md"))
        let text = try message { _ = try loadDataset(folder: folder.file("set")) }
        #expect(text.contains("not within that folder") || text.contains("no file in"))
    }

    @Test(arguments: [
        ("configs: [", "line"), ("a: b: c", "line"), ("configs: 3", "'configs' is not a list"),
        ("- 1\n- 2", "set of keys"),
        ("configs:\n- data_files: x.csv", "config_name"),
        ("configs:\n- config_name: a\n  data_files:\n  - path: x.csv", "'split'"),
        ("configs:\n- config_name: a\n  data_files:\n  - split: train\n    path: {a: 1}", "'path'"),
        ("configs:\n- config_name: a\n  data_files: no*.csv", "no*.csv"),
        ("dataset_info:\n  features:\n  - dtype: int32", "'name'"),
        (
            "dataset_info:\n  features:\n  - name: l\n    dtype:\n      class_label:\n        names:\n          '1': a",
            "name for 0"
        ),
    ])
    func `a broken card is named`(_ yaml: String, _ part: String) throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write("a\n1\n", to: folder.file("data.csv"))
        try AtomicFile.write("---\n\(yaml)\n---\n", to: folder.file("README.md"))
        let text = try message { _ = try loadDataset(folder: folder.path) }
        #expect(text.contains(part) && text.contains(folder.path))
    }

    @Test func `declared features that do not fit are named`() throws {
        let folder = try TemporaryDirectory()
        let card =
            "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names: [a, b]\n---\n"
        try AtomicFile.write(card, to: folder.file("README.md"))
        for (csv, parts) in [
            ("label\na\nz\n", ["row 1", "'z'", "'label'", "data.csv"]), ("label\n1\n2\n", ["row 1", "'2'"]),
            ("label,more\na,1\n", ["'more'"]), ("other\na\n", ["'label'"]),
        ] {
            try AtomicFile.write(csv, to: folder.file("data.csv"))
            let text = try message { _ = try loadDataset(folder: folder.path) }
            for part in parts { #expect(text.contains(part)) }
        }
        try AtomicFile.write("label\nb\n-1\n\"\"\n", to: folder.file("data.csv"))
        #expect(try loadDataset(folder: folder.path)["train"]["label"].values() == [1, -1, nil])
    }

    @Test func `splits are told by the names of folders and files`() throws {
        let folder = try TemporaryDirectory()
        for (name, splits) in [
            ("data/train-00000-of-00002.csv", ["train"]), ("data/extra-00000-of-00001.csv", ["train", "extra"]),
        ] {
            try AtomicFile.write("a\n1\n", to: folder.file("s/\(name)"))
            #expect(try loadDataset(folder: folder.file("s")).splits == splits)
        }
        for (name, splits) in [
            ("contest.csv", ["train"]), ("x_eval.csv", ["test"]), ("sub/my-dev.2.csv", ["validation", "test"]),
            ("Training/a.csv", ["validation", "test"]), ("training/a.csv", ["train"]),
            (".hidden/test/a.csv", ["train"]),
            ("__cache/test/a.csv", ["train"]), ("val-1/b.csv", ["train", "validation"]),
        ] {
            try AtomicFile.write("a\n1\n", to: folder.file("n/\(name)"))
            #expect(try loadDataset(folder: folder.file("n")).splits == splits, "\(name)")
        }
    }
}
