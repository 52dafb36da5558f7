import SwiftletIO
import SwiftletModels
import SwiftletTokenizers

extension Trainer {
    /// Writes the model and the tokenizer to `output_dir`, or to another folder, as `save_pretrained` does.
    public func saveModel(_ folder: String? = nil) throws {
        let folder = folder ?? args.outputDir
        try FileSystem.createDirectory(folder)
        try model.savePretrained(folder)
        try tokenizer?.save(to: folder)
    }

    /// Writes `trainer_state.json`.
    public func saveState() throws {
        try AtomicFile.write(
            state.json.text(.config) + "\n", to: FileSystem.join(args.outputDir, "trainer_state.json"))
    }

    /// Writes `<split>_results.json` and adds the same to `all_results.json`.
    public func saveMetrics(_ split: String, _ metrics: [(name: String, value: Double)]) throws {
        let values = JSONObject(metrics.map { ($0.name, .double($0.value)) })
        try AtomicFile.write(
            JSONValue.object(values).text(.results) + "\n",
            to: FileSystem.join(args.outputDir, "\(split)_results.json"))
        let allPath = FileSystem.join(args.outputDir, "all_results.json")
        var all = FileSystem.exists(allPath) ? try JSONValue(contentsOf: allPath).object ?? [:] : [:]
        for (key, value) in values { all[key] = value }
        try AtomicFile.write(JSONValue.object(all).text(.results) + "\n", to: allPath)
    }

    /// Checks, before hours of training, that `output_dir` can be written to.
    public func checkOutputDirectory() throws {
        try FileSystem.createDirectory(args.outputDir)
        let probe = FileSystem.join(args.outputDir, ".write-test")
        try AtomicFile.write("", to: probe)
        try FileSystem.remove(probe)
    }
}
