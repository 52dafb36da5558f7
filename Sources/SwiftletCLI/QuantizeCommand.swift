import ArgumentParser
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Quantize.self,
        discussion: """
            The folder is a quarter of the size, and runs in 8-bit products by itself. With rows that have labels, their \
            metrics in float32 and in 8 bits are printed, and with --tolerance nothing is saved where one loses more.
            """)

    @Option(help: "Folder of a fine-tuned model, or its name on the Hub.") var model: String
    @Option(help: "Folder for the model in 8 bits.") var output: String
    @Option(help: "How much a metric may lose, where 1 is the best there is: 0.005 is half a point of accuracy.")
    var tolerance: Double?
    @Flag(
        help:
            "Leave tables of embeddings in float32: larger, and readable by Python's transformers with compressed-tensors."
    )
    var floatEmbeddings = false
    @Option(help: "A folder with train, validation and test files or in the Hub's layout, or a name on the Hub.")
    var dataset: String?
    @Option(help: "Configuration of the dataset, such as mrpc.") var config: String?
    @Option(help: "Split to measure by, or an expression such as 'validation[:100]'. (default: validation)") var split:
        String?
    @Option(help: "File of rows with labels to measure by.") var validationFile: String?
    @Option var perDeviceEvalBatchSize = 8
    @OptionGroup var columns: ColumnOptions
    @OptionGroup(title: "Files") var reading: FileOptionGroup
    @OptionGroup(title: "Labels") var labels: LabelOptions
    @OptionGroup(title: "Metrics") var metrics: MetricOptions
    @OptionGroup(title: "Tasks") var taskOptions: TaskArguments
    @OptionGroup(title: "Output") var messages: MessageOptions

    func validate() throws {
        guard dataset == nil || validationFile == nil else {
            throw ValidationError("Give either --dataset or --validation-file, not both.")
        }
        guard dataset != nil || (split == nil && config == nil) else {
            throw ValidationError("\(split == nil ? "--config" : "--split") needs --dataset.")
        }
        guard perDeviceEvalBatchSize > 0 else { throw ValidationError("--per-device-eval-batch-size is below 1.") }
    }

    func run() throws {
        let folder = try HubNames.model(model)
        let task = try ModelTask(ofModel: folder)
        try taskOptions.check(task, columns: columns, labels: labels, metrics: metrics)
        var options = TaskOptions()
        columns.apply(to: &options)
        labels.apply(to: &options)
        try metrics.apply(to: &options)
        taskOptions.apply(to: &options)
        options.datasetName = dataset
        options.datasetConfig = config
        let name = split ?? "validation"
        var quantization = ModelQuantization(
            model: folder, output: FileSystem.expandingTilde(output), tolerance: tolerance, options: options,
            batchSize: perDeviceEvalBatchSize)
        quantization.embeddings = !floatEmbeddings
        show(try quantization.run(rows: try rows(name), split: name))
    }

    private func rows(_ name: String) throws -> Dataset? {
        if let validationFile {
            return try loadDataset(
                files: [(split: "validation", path: FileSystem.expandingTilde(validationFile))],
                options: try reading.options()
            ).split("validation")
        }
        return try dataset.map { try HubNames.dataset($0, config, try reading.options()).rows(name) }
    }

    private func show(_ report: ModelQuantization.Report) {
        if messages.json {
            let metrics = report.metrics.map {
                ($0.name, JSONValue.object(["float32": .double($0.float32), "int8": .double($0.int8)]))
            }
            let sizes: JSONObject = ["float32": .int(report.byteCounts.float32), "int8": .int(report.byteCounts.int8)]
            print(JSONValue.object(["metrics": .object(JSONObject(metrics)), "bytes": .object(sizes)]).text(.line))
            return
        }
        let width = max(report.metrics.map(\.name.count).max() ?? 0, 16)
        func line(_ name: String, _ first: String, _ second: String) {
            func padded(_ text: String) -> String { String(repeating: " ", count: max(0, 12 - text.count)) + text }
            print(name + String(repeating: " ", count: width - name.count) + padded(first) + padded(second))
        }
        line("", "float32", "int8")
        for metric in report.metrics { line(metric.name, shortText(metric.float32), shortText(metric.int8)) }
        func megabytes(_ count: Int) -> String { shortText((Double(count) / 1e5).rounded() / 10) }
        line("megabytes", megabytes(report.byteCounts.float32), megabytes(report.byteCounts.int8))
        if report.metrics.isEmpty, !messages.quiet {
            print("What it costs was not measured: give rows with labels, with --validation-file or --dataset.")
        }
    }
}

/// The numbers that a model computes in, of commands that don't train.
struct QuantizationOptions: ParsableArguments {
    @Flag(help: "Multiply in 8-bit integers, on the CPU: faster, and a little less exact.") var int8 = false

    /// - Throws: `ValidationError` beside options that ask for something else.
    func quantization(_ speed: KernelOptions) throws -> Quantization? {
        guard int8 else { return nil }
        for option in ["bf16", "bf16_full_eval"] where speed.given[option] == true {
            throw ValidationError("--int8 and --\(option.replacing("_", with: "-")) contradict each other.")
        }
        guard speed.device == .cpu else { throw ValidationError("--int8 is for the CPU: give --use-cpu too.") }
        return .int8
    }
}
