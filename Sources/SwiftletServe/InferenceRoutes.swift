import HTTPTypes
import SwiftletIO
import SwiftletTasks

/// Requests of the form `{"inputs": ..., "parameters": {...}}`, as the inference API of the Hub has them, for all tasks.
enum InferenceAPI {
    /// The task of the address, or the one that the model is for.
    static func answer(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let inputs = call.body["inputs"]
        let task = call.task.map { ServedModel.aliases[$0] ?? $0 } ?? usualTask(call)
        switch task {
        case "sentence-embeddings": return try await embed(call)
        case "sentence-similarity": return try await TextEmbeddings.similarity(call)
        default: break
        }
        let pipeline = try call.model.pipeline(task)
        let fields = try RequestFields(call.body, keys: ["inputs", "parameters"])
        var parameters = try fields.object("parameters") ?? [:]
        setDefaults(&parameters, task, call.options)
        try checkCount(parameters, task)
        let isSingle = inputs?.array == nil
        let elements = try inputs?.array ?? [try fields.required("inputs")]
        _ = try BatchInput(elements: elements, isSingle: isSingle).checked(
            "inputs", limit: call.options.maxClientBatchSize)
        let answers = try await pipeline.answer(elements, options: parameters).map { try json($0) }
        // Labels come as a list of lists for one text too, which clients count on.
        if isSingle, task != "text-classification" { return answers.first.map(buffer) ?? JSONBuffer() }
        return buffer(.array(answers))
    }

    private static func usualTask(_ call: Endpoint.Call) -> String {
        let (inputs, parameters) = (call.body["inputs"], call.body["parameters"])
        switch call.model.kind {
        case .embedding:
            return inputs?["source_sentence"] == nil ? call.model.task : "sentence-similarity"
        case .classifier where parameters?["candidate_labels"] != nil: return "zero-shot-classification"
        case .classifier, .reranker, .other: return call.model.task
        }
    }

    /// Options stand beside `inputs` here, or under `parameters`.
    private static func embed(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let keys = ["truncate", "truncation_direction", "prompt_name", "normalize", "dimensions", "encoding_format"]
        var body = try RequestFields(call.body, keys: ["inputs", "parameters"] + keys)
        if let parameters = try body.object("parameters") {
            _ = try RequestFields(.object(parameters), keys: keys, place: "parameters.")
            var joined = call.body.object ?? [:]
            joined["parameters"] = nil
            for (key, value) in parameters { joined[key] = value }
            body = try RequestFields(.object(joined), keys: ["inputs"] + keys)
        }
        if try body.choice("encoding_format", ["float", "base64"]) == "base64" {
            throw RequestError.invalid("`encoding_format` \"base64\" is answered at /v1/embeddings")
        }
        return try await TextEmbeddings.embed(call, body)
    }

    private static func setDefaults(_ parameters: inout JSONObject, _ task: String, _ options: ServerOptions) {
        func set(_ key: String, _ value: JSONValue) { if parameters[key] == nil { parameters[key] = value } }
        // As the Hub's own service does.
        if task == "text-classification" { set("top_k", nil) }
        if task == "token-classification" { set("aggregation_strategy", "simple") }
        // A long context is read in parts.
        if !options.autoTruncate, task != "question-answering" { set("truncation", false) }
    }

    /// Of a mask each entry of the vocabulary may be asked for, with the text around it; of a context each of its spans.
    private static func checkCount(_ parameters: JSONObject, _ task: String) throws {
        let most = 1000
        guard ["fill-mask", "question-answering"].contains(task), let count = parameters["top_k"]?.int, count > most
        else { return }
        throw RequestError.invalid("`parameters.top_k` is \(count); at most \(most) are given for a mask or a question")
    }

    private static func json(_ answer: PipelineAnswer) throws -> JSONValue {
        let json: JSONValue =
            switch answer {
            case .textClassification(let answer): .array(answer.scores.map(label))
            case .zeroShotClassification(let answer): .array(answer.scores.map(label))
            default: answer.json
            }
        if let number = json.nonFinite {
            throw RequestError(.failedDependency, .backend, cause: "inference", "the model answered with \(number)")
        }
        return json
    }

    private static func label(_ score: LabelScore) -> JSONValue {
        // Written as the model's float32, in its shortest form.
        ["label": .string(score.label), "score": .double(Double("\(score.score)") ?? Double(score.score))]
    }

    private static func buffer(_ json: JSONValue) -> JSONBuffer {
        var buffer = JSONBuffer()
        buffer.append(json)
        return buffer
    }
}
