import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// all-MiniLM-L6-v2 with one of its six layers, and a few of the paraphrases: enough to run whole programs on.
public struct SmallTask {
    /// The model's folder.
    public let model: String
    /// The dataset's folder, with `train.jsonl`, `validation.jsonl` and `test.jsonl`.
    public let data: String

    /// Whether `scripts/bootstrap` has fetched the model.
    public static let isAvailable = FileSystem.isDirectory(Locations.miniLM)

    public init(in folder: TemporaryDirectory) throws {
        model = folder.file("model")
        try FileSystem.createDirectory(model)
        for name in try FileSystem.names(in: Locations.miniLM) where name != "config.json" {
            guard symlink("\(Locations.miniLM)/\(name)", "\(model)/\(name)") == 0 else {
                throw FileError(path: "\(model)/\(name)", message: "can't make the link '\(model)/\(name)'")
            }
        }
        guard var config = try JSONValue(contentsOf: "\(Locations.miniLM)/config.json").object else {
            throw FileError(path: Locations.miniLM, message: "config.json in '\(Locations.miniLM)' is no object")
        }
        config["num_hidden_layers"] = 1
        try AtomicFile.write(JSONValue.object(config).text(), to: "\(model)/config.json")

        let source = "\(Locations.root)/Sources/SwiftletCLI/Resources/paraphrases"
        data = folder.file("data")
        try FileSystem.createDirectory(data)
        try AtomicFile.write(try MappedFile.text("\(source)/README.md"), to: "\(data)/README.md")
        for (split, count) in [("train", 20), ("validation", 10), ("test", 10)] {
            let lines = try MappedFile.text("\(source)/\(split).jsonl").split(separator: "\n").prefix(count)
            try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: "\(data)/\(split).jsonl")
        }
    }
}
