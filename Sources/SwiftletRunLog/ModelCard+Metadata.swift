import SwiftletIO

extension ModelCard {
    /// The metrics that a hub knows by name.
    private static let knownMetrics: Set<String> = [
        "accuracy", "bleu", "f1", "matthews_correlation", "pearsonr", "precision", "recall", "rouge", "sacrebleu",
        "spearmanr", "wer",
    ]

    private static let taskNames: [String: String] = [
        "fill-mask": "Masked Language Modeling", "image-classification": "Image Classification",
        "image-segmentation": "Image Segmentation", "multiple-choice": "Multiple Choice",
        "object-detection": "Object Detection", "sentence-similarity": "Sentence Similarity",
        "question-answering": "Question Answering",
        "table-question-answering": "Table Question Answering", "text-classification": "Text Classification",
        "text-generation": "Causal Language Modeling", "token-classification": "Token Classification",
        "zero-shot-classification": "Zero Shot Classification",
        "automatic-speech-recognition": "Automatic Speech Recognition", "audio-classification": "Audio Classification",
    ]

    /// The block at the card's top, from which a model hub makes its lists and its tables of results.
    var metadata: JSONObject {
        var metadata: JSONObject = ["library_name": .string(libraryName)]
        func add(_ key: String, _ values: [String]) {
            if !values.isEmpty { metadata[key] = .array(values.map(JSONValue.string)) }
        }
        add("language", languages)
        metadata["license"] = license.map(JSONValue.string)
        metadata["base_model"] = baseModel.map(JSONValue.string)
        add("tags", tags)
        add("datasets", datasets.map(\.tag))
        add("metrics", metrics.map(\.tag))
        metadata["model-index"] = [["name": .string(modelName), "results": .array(modelIndex)]]
        return metadata
    }

    /// The results that a hub has a tag for.
    private var metrics: [(tag: String, name: String, value: JSONValue)] {
        (results ?? [:]).compactMap { name, value in
            let tag = String(name.lowercased().map { $0 == " " ? "_" : $0 })
            if Self.knownMetrics.contains(tag) { return (tag, name, value) }
            return tag == "rouge1" ? ("rouge", name, value) : nil
        }
    }

    /// An entry for each task and dataset. One without a task, a dataset or a metric would make a hub refuse the
    /// card.
    private var modelIndex: [JSONValue] {
        guard !metrics.isEmpty else { return [] }
        let measured: [JSONValue] = metrics.map { tag, name, value in
            ["name": .string(name), "type": .string(tag), "value": value]
        }
        return tasks.flatMap { task -> [JSONValue] in
            guard let taskName = Self.taskNames[task] else { return [] }
            return datasets.map { dataset in
                var description: JSONObject = ["name": .string(dataset.name), "type": .string(dataset.tag)]
                description["config"] = dataset.config.map(JSONValue.string)
                description["split"] = dataset.split.map(JSONValue.string)
                description["args"] = dataset.args.map(JSONValue.string)
                return [
                    "task": ["name": .string(taskName), "type": .string(task)], "dataset": .object(description),
                    "metrics": .array(measured),
                ]
            }
        }
    }
}
