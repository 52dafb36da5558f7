import SwiftletDatasets
public import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletRunLog
import SwiftletTasks
import SwiftletTensor
import SwiftletTraining

/// Where a run's model and data come from, as far as a program knows: what a record can't find out by itself.
public struct RunInputs: Sendable {
    /// The dataset as it was asked for: a folder, or a name on the Hub.
    public var dataset: String?
    /// Its configuration, such as `mrpc`.
    public var datasetConfig: String?
    /// Files and folders that the rows were read from. Their hashes are recorded; without any, hashes of the rows are.
    public var dataFiles: [String] = []

    /// Nothing is known.
    public init() {}
}

/// Everything that made a run: the content of `run.json`.
public struct RunRecord: Sendable {
    /// The whole content.
    public internal(set) var json: JSONObject

    /// Reads the record of a run's folder.
    ///
    /// - Throws: `ReportError` where there is none, or one of another form.
    public init(folder: String) throws {
        let path = FileSystem.join(folder, RunFiles.record)
        guard FileSystem.exists(path) else {
            throw ReportError(
                .missingFile, "'\(folder)' has no \(RunFiles.record)",
                remedy: "Name the output folder of a training or an evaluation that wrote a report.",
                at: ErrorLocation(path: path))
        }
        guard let object = try JSONValue(contentsOf: path).object, object["format"]?.int == 1 else {
            throw ReportError(
                .table, "'\(path)' is no record of a run", remedy: "Its 'format' must be 1.",
                at: ErrorLocation(path: path, key: "format"))
        }
        json = object
    }

    package init(_ json: JSONObject) { self.json = json }

    /// Writes `run.json`.
    public func write(to folder: String) throws(FileError) {
        try AtomicFile.write(
            JSONValue.object(json).text(JSONStyle(indent: 2, escapesNonASCII: false)) + "\n",
            to: FileSystem.join(folder, RunFiles.record))
    }

    // MARK: What is in it

    /// The words of the command line.
    public var command: [String] { json["command"]?.array?.compactMap(\.string) ?? [] }
    /// The folder that it was given in.
    public var workingDirectory: String? { json["working_directory"]?.string }
    /// Training arguments under their Python names.
    public var arguments: JSONObject { json["arguments"]?.object ?? [:] }
    /// The hub's name of what the model does.
    public var task: String? { json["task"]?.string }
    package var model: JSONObject { json["model"]?.object ?? [:] }
    package var data: JSONObject { json["data"]?.object ?? [:] }
    /// The columns with the texts that the model reads; `nil` where the task didn't say.
    package var textColumns: [String]? { json["text_columns"]?.array?.compactMap(\.string) }
    /// The columns by whose values the run was asked to show results.
    var sliceColumns: [String] { json["report"]?["slice_columns"]?.array?.compactMap(\.string) ?? [] }
    var labels: [String] { json["labels"]?.array?.compactMap(\.string) ?? [] }

    // MARK: Making

    /// What is known before a run.
    static func begun(_ inputs: RunInputs, model folder: String, name: String?) throws -> RunRecord {
        let directory = Process.workingDirectory
        var json: JSONObject = ["format": 1, "started": .string(Process.timestamp())]
        json["command"] = .array(Process.command().map { .string($0) })
        json["working_directory"] = .string(directory)
        json["versions"] = ["swiftlet": .string(swiftletVersion), "libtorch": .string(torchVersion)]
        json["machine"] = MachineDescription.json()
        json["git"] = GitCommit.json(of: directory) ?? .null
        json["model"] = [
            "name": .string(name ?? folder), "path": .string(folder),
            "files": .array(try FileHashes.ofModel(folder).map(\.json)),
        ]
        var data: JSONObject = [:]
        data["dataset"] = inputs.dataset.map { .string($0) } ?? .null
        data["config"] = inputs.datasetConfig.map { .string($0) } ?? .null
        data["files"] = .array(try FileHashes.ofData(inputs.dataFiles).map(\.json))
        json["data"] = .object(data)
        return RunRecord(json)
    }

    mutating func addSplit(_ name: String, _ rows: Dataset) throws {
        var data = self.data
        var splits = data["splits"]?.object ?? [:]
        var split: JSONObject = ["rows": .int(rows.numRows)]
        if data["files"]?.array?.isEmpty ?? true { split["rows_sha256"] = .string(try FileHashes.ofRows(rows)) }
        splits[name] = .object(split)
        data["splits"] = .object(splits)
        json["data"] = .object(data)
    }

    /// What the run logged, and of which metric each value is.
    ///
    /// - Parameter metrics: those that the run computed.
    mutating func addMetrics(_ logged: [(name: String, value: Double)], of metrics: [Metric]) {
        json["metrics"] = .object(JSONObject(logged.map { ($0.name, .finite($0.value)) }))
        json["metric_names"] = .object(
            JSONObject(
                logged.compactMap { name, _ in
                    Self.metric(loggedAs: name, metrics).map { (name, JSONValue.string($0)) }
                }))
    }

    /// The metric of a logged name, with its config or with how the scores of the classes become one, as in `f1/macro`;
    /// `nil` for losses and speeds, and where it is not known.
    private static func metric(loggedAs name: String, _ metrics: [Metric]) -> String? {
        guard let sign = name.firstIndex(of: "_"), !MetricName.isBookkeeping(name) else { return nil }
        let key = name[name.index(after: sign)...]
        guard !key.isSame(as: "loss") else { return nil }
        let exact = metrics.filter { metric in metric.variant.map { key.isSame(as: "\(metric.name)_\($0)") } ?? false }
        let named = metrics.filter { key.isSame(as: $0.name) }
        // Of several with one name, the variants have it in theirs.
        let own = !exact.isEmpty ? exact : named.count == 1 ? named : named.filter { $0.variant == nil }
        // A single metric may give several values, each with a name of its own.
        guard let metric = own.count == 1 ? own[0] : metrics.count == 1 ? metrics[0] : nil else { return nil }
        // Without a word about it, these are about the second of two classes.
        let isBinary = ["f1", "precision", "recall"].contains(metric.name)
        return (metric.variant ?? (isBinary ? "binary" : nil)).map { "\(metric.name)/\($0)" } ?? metric.name
    }

    mutating func end(_ meter: RunMeter, durations: JSONObject, weightsIn folder: String?) throws {
        var durations = durations
        durations["total"] = .double(meter.seconds)
        json["durations_seconds"] = .object(durations)
        json["peak_memory_bytes"] = .int(Process.peakMemory)
        json["energy_joules"] = meter.joules.map { .double($0) } ?? .null
        if let folder { json["weights"] = .array(try FileHashes.ofWeights(folder).map(\.json)) }
        json["ended"] = .string(Process.timestamp())
    }
}
