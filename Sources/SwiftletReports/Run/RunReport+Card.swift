import SwiftletDatasets
import SwiftletIO
import SwiftletModels
public import SwiftletRunLog
import SwiftletTraining

extension RunReport {
    /// Fills in the sections of a model card that a run can answer for: what the model does and how to use it, how good it is
    /// with which limits, and what it was trained on.
    ///
    /// - Parameter folder: the model's name in the examples.
    public func complete(_ card: inout ModelCard, folder: String) throws {
        card.modelDescription = ([modelSentence] + usage(folder)).joined(separator: "\n\n")
        card.intendedUses = try limits().joined(separator: "\n\n")
        card.trainingData = try data().joined(separator: "\n\n")
    }

    private var modelSentence: String {
        var text = "A model for \((record.task ?? "its task").inMarkdown)"
        if let count = record.json["parameters"]?.int { text += " with \(count) parameters" }
        let labels = table?.labels ?? []
        if !labels.isEmpty {
            let shown = labels.prefix(30).map { "'\($0.inMarkdown)'" }.joined(separator: ", ")
            text += ". Its labels are \(shown)" + (labels.count > 30 ? " and \(labels.count - 30) more" : "")
        }
        return text + "."
    }

    // MARK: Use

    private var isPair: Bool { (record.textColumns ?? table?.textColumns ?? []).count > 1 }

    private func usage(_ folder: String) -> [String] {
        // A name with a quote would end the text that it stands in.
        let name = String(
            folder.unicodeScalars.filter {
                $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_. ".unicodeScalars.contains($0)
            })
        let (swift, python): (String, String)
        switch record.task.flatMap(ModelTask.init(rawValue:)) {
        case .tokenClassification:
            swift =
                #"let find = try await pipeline(.tokenClassification, model: "\#(name)")"#
                + "\nprint(try await find(\"Ann lives in Oslo.\"))"
            python =
                #"find = pipeline("token-classification", model="\#(name)")"# + "\nprint(find(\"Ann lives in Oslo.\"))"
        case .questionAnswering:
            swift =
                #"let ask = try await pipeline(.questionAnswering, model: "\#(name)")"#
                + "\nprint(try await ask(question: \"Who?\", context: \"Ann was there.\").text)"
            python =
                "from transformers import AutoModelForQuestionAnswering, AutoTokenizer\n"
                + #"model = AutoModelForQuestionAnswering.from_pretrained("\#(name)")"# + "\n"
                + #"tokenizer = AutoTokenizer.from_pretrained("\#(name)")"#
        case .sentenceEmbeddings:
            swift =
                #"let embed = try await pipeline(.sentenceEmbeddings, model: "\#(name)")"#
                + "\nlet vectors = try await embed([\"A man is eating.\", \"Somebody has a meal.\"])"
            python =
                "from sentence_transformers import SentenceTransformer\n"
                + #"vectors = SentenceTransformer("\#(name)").encode(["A man is eating.", "Somebody has a meal."])"#
        case .maskedLM:
            swift =
                #"let fill = try await pipeline(.fillMask, model: "\#(name)")"#
                + "\nprint(try await fill(\"Oslo is a \\(fill.maskToken).\"))"
            python =
                #"fill = pipeline("fill-mask", model="\#(name)")"#
                + "\nprint(fill(f\"Oslo is a {fill.tokenizer.mask_token}.\"))"
        case .multipleChoice:
            swift =
                #"let choose = try await pipeline(.multipleChoice, model: "\#(name)")"#
                + "\nprint(try await choose(prompt: \"He opened the door.\", choices: [\"He went in.\", \"It rained upwards.\"]))"
            python =
                "from transformers import AutoModelForMultipleChoice, AutoTokenizer\n"
                + #"model = AutoModelForMultipleChoice.from_pretrained("\#(name)")"# + "\n"
                + #"tokenizer = AutoTokenizer.from_pretrained("\#(name)")"#
        default:
            let texts = isPair ? "\"He left.\", \"He went away.\"" : "\"He left.\""
            swift =
                #"let classify = try await pipeline(.textClassification, model: "\#(name)")"#
                + "\nprint(try await classify(\(texts)))"
            let input = isPair ? "{\"text\": \"He left.\", \"text_pair\": \"He went away.\"}" : "\"He left.\""
            python = #"classify = pipeline("text-classification", model="\#(name)")"# + "\nprint(classify(\(input)))"
        }
        let start = python.hasPrefix("from ") ? "" : "from transformers import pipeline\n\n"
        return [
            "In Swift:", "```swift\nimport Swiftlet\n\n\(swift)\n```", "In Python:",
            "```python\n\(start)\(python)\n```",
        ]
    }

    // MARK: Limits

    private func limits() throws -> [String] {
        guard let table else {
            return ["The model was not evaluated row by row. It is for texts like those that it was trained on."]
        }
        let split = (record.json["evaluated_split"]?.string ?? "validation").inMarkdown
        var parts = [
            "For texts like those of its data. On \(counted(table.count, "row")) of '\(split)', with 95% intervals (percentile bootstrap over "
                + "rows) and what always giving the most frequent class, or the mean, would reach:"
        ]
        let metrics = try self.metrics()
        parts.append(
            metrics.map { metric in
                var line = "- \(metric.name): \(shown(metric.value))"
                if let interval = metric.interval { line += " (\(shown(interval.low)) to \(shown(interval.high)))" }
                if let baseline = metric.baseline { line += ", baseline \(shown(baseline))" }
                return line
            }.joined(separator: "\n"))
        var limits: [String] = []
        if table.kind == .classes {
            let (_, labels, predictions) = try table.labelledClasses()
            let counts = ClassCounts(labels: labels, predictions: predictions, classCount: table.labels.count)
            let present = table.labels.indices.filter { counts.support[$0] > 0 }
            if let weakest = present.min(by: { counts.f1($0) < counts.f1($1) }), present.count > 1 {
                limits.append(
                    "The weakest class is '\(table.labels[weakest].inMarkdown)', with F1 \(shown(counts.f1(weakest))) on "
                        + "\(counted(counts.support[weakest], "row")).")
            }
            if let error = try table.calibration()?.expectedError, error.isFinite {
                limits.append(
                    "Its probabilities are off by \(shown(error)) on average (expected calibration error, 15 bins).")
            }
        }
        if table.has("is_cut") {
            let cut = try table.values("is_cut").count { $0.bool == true }
            let longest = tokens(try table.numbers("token_count").max())
            limits.append(
                cut == 0
                    ? "No evaluated row was longer than the model takes."
                    : "\(counted(cut, "evaluated row")) \(cut == 1 ? "is" : "are") cut at \(longest); what comes after is not seen."
            )
        }
        if let duplicates, duplicates.numRows > 0 {
            limits.append(
                "\(counted(duplicates.numRows, "evaluated row")) \(duplicates.numRows == 1 ? "stands" : "stand") in the training data too, or nearly: the results may be too good."
            )
        }
        if !limits.isEmpty { parts.append(limits.joined(separator: " ")) }
        return parts
    }

    // MARK: Data

    private func data() throws -> [String] {
        var source =
            record.data["dataset"]?.string.map { FileSystem.name(of: $0).inMarkdown } ?? "rows given by a program"
        if let config = record.data["config"]?.string { source += " (\(config.inMarkdown))" }
        let splits = (record.data["splits"]?.object ?? [:]).map { name, value in
            "'\(name.inMarkdown)' with \(counted(value["rows"]?.int ?? 0, "row"))"
        }
        var parts = ["\(source): \(splits.joined(separator: ", "))."]
        if let table, table.kind == .classes {
            let labels = try table.classIDs().labels.compactMap(\.self)
            if !labels.isEmpty {
                let counts = table.labels.indices.map { id in (id, labels.count { $0 == id }) }
                    .sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(20)
                parts.append(
                    "Evaluated rows by label: "
                        + counts.map { "'\(table.labels[$0.0].inMarkdown)' \($0.1)" }.joined(separator: ", ") + ".")
            }
        }
        parts.append("The files with their hashes, all settings and the machine are in the `run.json` of the training.")
        return parts
    }
}
