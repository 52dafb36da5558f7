import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTokenizers
import SwiftletTraining

/// The requests of text-embeddings-inference, with its keys and its defaults.
enum TextEmbeddings {
    /// `/embed`: a vector for each input.
    static func embed(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let fields = try RequestFields(
            call.body, keys: ["inputs", "truncate", "truncation_direction", "prompt_name", "normalize", "dimensions"])
        return try await embed(call, fields)
    }

    static func embed(_ call: Endpoint.Call, _ fields: RequestFields) async throws -> JSONBuffer {
        let embed = try call.model.embed()
        let limit = call.options.maxClientBatchSize
        let input = try BatchInput<TextOrIDs>(try fields.required("inputs"), "inputs", limit: limit)
        var options = embed.options
        options.normalizes = try fields.bool("normalize") ?? true
        options.promptName = try fields.string("prompt_name") ?? options.promptName
        options.longInputs = try longInputs(fields, call.options)
        let sequences = try Sequences.of(input.elements, embed, options)
        let vectors = try await vectors(embed, sequences, options, dimensions: try fields.int("dimensions"))
        var buffer = JSONBuffer()
        try buffer.append(list: vectors) { try $0.append($1) }
        return buffer
    }

    /// Vectors of which only the first components are kept, if `dimensions` says so.
    static func vectors(
        _ embed: SentenceEmbeddingsPipeline, _ sequences: [EncodedSequence], _ options: SentenceEmbeddingsOptions,
        dimensions: Int?
    ) async throws -> [[Float]] {
        var options = options
        if let dimensions {
            guard dimensions > 0 else { throw RequestError.invalid("`dimensions` should be positive") }
            options.truncatedDimension = dimensions
        }
        let vectors = try await embed.vectors(of: sequences, options: options)
        if let dimensions, let width = vectors.first?.count, width < dimensions {
            throw RequestError.invalid("`dimensions` is \(dimensions); the model's vectors have \(width)")
        }
        return vectors
    }

    /// `/embed_all`: the states of each input's tokens.
    static func embedAll(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let fields = try RequestFields(
            call.body, keys: ["inputs", "truncate", "truncation_direction", "prompt_name"])
        let embed = try call.model.embed()
        let limit = call.options.maxClientBatchSize
        let input = try BatchInput<TextOrIDs>(try fields.required("inputs"), "inputs", limit: limit)
        var options = embed.options
        options.promptName = try fields.string("prompt_name") ?? options.promptName
        options.longInputs = try longInputs(fields, call.options)
        let sequences = try Sequences.of(input.elements, embed, options)
        var buffer = JSONBuffer()
        // The numbers twice, and their texts with those that are sent.
        let numbers = sequences.reduce(0) { $0 + $1.example.inputIDs.count } * width(of: embed)
        buffer.space = try call.answers.take(numbers * 32)
        let states = try await embed.tokenStates(of: sequences)
        try buffer.append(list: states) { buffer, rows in
            try buffer.append(list: rows) { try $0.append($1) }
        }
        return buffer
    }

    /// Components of a token's state.
    private static func width(of embed: SentenceEmbeddingsPipeline) -> Int {
        let config = embed.engine.config.json
        return (config["hidden_size"] ?? config["dim"])?.int ?? 1024
    }

    /// `/predict`: all labels with their scores, the best first.
    static func predict(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let fields = try RequestFields(
            call.body, keys: ["inputs", "truncate", "truncation_direction", "raw_scores"])
        let classify: TextClassificationPipeline
        switch call.model.kind {
        case .classifier(let pipeline), .reranker(let pipeline): classify = pipeline
        case .embedding, .other:
            throw RequestError.wrongModel(
                "Model is not a classifier model: '\(call.model.name)' is for \(call.model.task). Send {\"inputs\": ...} to /"
            )
        }
        let input = try BatchInput<TextOrPair>(
            try fields.required("inputs"), "inputs", limit: call.options.maxClientBatchSize)
        var options = classify.options
        options.topK = nil
        if try fields.bool("raw_scores") == true { options.function = TextClassificationOptions.Function.none }
        options.longInputs = try longInputs(fields, call.options)
        let answers = try await classify.answer(
            input.elements.map { TextInput($0.text, $0.textPair) }, options: options)
        func write(_ buffer: inout JSONBuffer, _ answer: TextClassification) throws {
            try buffer.append(list: answer.scores) { buffer, score in
                buffer.append("{\"score\":")
                try buffer.append(score.score)
                buffer.append(",\"label\":")
                buffer.append(.string(score.label))
                buffer.append("}")
            }
        }
        var buffer = JSONBuffer()
        if input.isSingle {
            for answer in answers { try write(&buffer, answer) }
        } else {
            try buffer.append(list: answers, write)
        }
        return buffer
    }

    /// `/rerank`: texts in the order of their scores with a query.
    static func rerank(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let fields = try RequestFields(
            call.body, keys: ["query", "texts", "truncate", "truncation_direction", "raw_scores", "return_text"])
        let query = try fields.requiredString("query")
        let texts = try fields.texts("texts")
        if texts.isEmpty { throw RequestError.empty("texts") }
        guard case .reranker(let classify) = call.model.kind else {
            throw RequestError.wrongModel(
                "model is not a re-ranker model: '\(call.model.name)' doesn't score a pair by one number")
        }
        try checkBatch(texts.count, limit: call.options.maxClientBatchSize)
        let isRaw = try fields.bool("raw_scores") ?? false
        let returnsText = try fields.bool("return_text") ?? false
        var options = classify.options
        options.function = isRaw ? TextClassificationOptions.Function.none : .sigmoid
        options.longInputs = try longInputs(fields, call.options)
        let scores = try await classify.answer(texts.map { TextInput(query, $0) }, options: options).map(\.score)
        var buffer = JSONBuffer()
        // Of equal scores the later text is first, as there.
        let order = scores.indices.sorted { scores[$0] == scores[$1] ? $0 > $1 : scores[$0] > scores[$1] }
        try buffer.append(list: order) { buffer, index in
            buffer.append("{\"index\":\(index),")
            if returnsText {
                buffer.append("\"text\":")
                buffer.append(.string(texts[index]))
                buffer.append(",")
            }
            buffer.append("\"score\":")
            try buffer.append(scores[index])
            buffer.append("}")
        }
        return buffer
    }

    /// `/similarity`: the likeness of each sentence to one, in their order.
    static func similarity(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let fields = try RequestFields(call.body, keys: ["inputs", "parameters"])
        let inputs = try RequestFields(
            try fields.required("inputs"), keys: ["source_sentence", "sentences"], place: "inputs.")
        let parameters = try RequestFields(
            .object(try fields.object("parameters") ?? [:]), keys: ["truncate", "truncation_direction", "prompt_name"],
            place: "parameters.")
        let embed = try call.model.embed()
        let source = try inputs.requiredString("source_sentence")
        let sentences = try inputs.texts("sentences")
        if sentences.isEmpty { throw RequestError.empty("inputs.sentences") }
        try checkBatch(sentences.count + 1, limit: call.options.maxClientBatchSize)
        var options = embed.options
        options.promptName = try parameters.string("prompt_name") ?? options.promptName
        options.longInputs = try longInputs(parameters, call.options)
        let compare = SimilarityPipeline(embed, options: SimilarityOptions(query: options, texts: options))
        let scores = try await compare.similarities([source], sentences)
        var buffer = JSONBuffer()
        try buffer.append(scores.first ?? [])
        return buffer
    }

    /// `/tokenize`: each text's tokens.
    static func tokenize(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let fields = try RequestFields(call.body, keys: ["inputs", "add_special_tokens", "prompt_name"])
        let value = try fields.required("inputs")
        let texts = value.string == nil ? try fields.texts("inputs") : [value.string ?? ""]
        if texts.isEmpty { throw RequestError.empty("inputs") }
        try checkBatch(texts.count, limit: call.options.maxClientBatchSize)
        let addsSpecial = try fields.bool("add_special_tokens") ?? true
        let prompt = try fields.string("prompt_name").map { name in
            guard let prompt = call.model.prompts[TextKey(name)] else {
                throw RequestError.invalid("the model has no prompt '\(name)'")
            }
            return prompt
        }
        let tokenizer = call.model.engine.tokenizer
        var buffer = JSONBuffer()
        // A token has a byte at least, and some 80 in the answer, twice.
        buffer.space = try call.answers.take(texts.reduce(0) { $0 + $1.utf8.count } * 160)
        try buffer.append(list: texts) { buffer, text in
            let text = (prompt ?? "") + text
            let bytes = Array(text.utf8)
            let encoding = try tokenizer(text, addSpecialTokens: addsSpecial)
            let special = encoding.specialTokensMask
            let (tokens, offsets, byteOffsets) = (encoding.tokens, encoding.offsets, encoding.byteOffsets)
            buffer.append(list: encoding.inputIDs.indices) { buffer, index in
                let isSpecial = special[index] == 1
                let shown =
                    isSpecial
                    ? tokens[index]
                    : String(decoding: bytes[byteOffsets[index].clamped(to: bytes.indices)], as: UTF8.self)
                buffer.append([
                    "id": .int(Int(encoding.inputIDs[index])), "text": .string(shown), "special": .bool(isSpecial),
                    "start": isSpecial ? nil : .int(offsets[index].lowerBound),
                    "stop": isSpecial ? nil : .int(offsets[index].upperBound),
                ])
            }
        }
        return buffer
    }

    /// `/decode`: the texts of lists of ids.
    static func decode(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let fields = try RequestFields(call.body, keys: ["ids", "skip_special_tokens"])
        let value = try fields.required("ids")
        guard let list = value.array else {
            throw fields.wrong("ids", value, "a list of token ids, or a list of such lists")
        }
        if list.isEmpty { throw RequestError.empty("ids") }
        let lists: [[Int32]]
        if list[0].array == nil {
            lists = [try TextOrIDs.ids(list, "ids")]
        } else {
            lists = try list.enumerated().map { index, element in
                guard let ids = element.array else {
                    throw RequestError.invalid("`ids[\(index)]` is \(element.kind); it must be a list of token ids")
                }
                return try TextOrIDs.ids(ids, "ids[\(index)]")
            }
            try checkBatch(lists.count, limit: call.options.maxClientBatchSize)
        }
        let skips = try fields.bool("skip_special_tokens") ?? true
        var buffer = JSONBuffer()
        buffer.append(list: call.model.engine.tokenizer.batchDecode(lists, skipSpecialTokens: skips)) {
            $0.append(.string($1))
        }
        return buffer
    }

    /// What becomes of long texts: `truncate` and `truncation_direction`.
    static func longInputs(_ fields: RequestFields, _ options: ServerOptions) throws -> LongInputs {
        let side = try fields.choice("truncation_direction", ["left", "right"])
        guard try fields.bool("truncate") ?? options.autoTruncate else { return .refused }
        return side == "left" ? .truncatedAtStart : .truncated
    }
}

/// Texts and lists of ids as sequences of tokens.
enum Sequences {
    static func of(
        _ inputs: [TextOrIDs], _ embed: SentenceEmbeddingsPipeline, _ options: SentenceEmbeddingsOptions
    ) throws -> [EncodedSequence] {
        let engine = embed.engine
        let hasPrompt = try !embed.prompt(options).isEmpty
        var ready = [EncodedSequence?](repeating: nil, count: inputs.count)
        var texts: [(place: Int, text: String)] = []
        for (place, input) in inputs.enumerated() {
            switch input {
            case .text(let text): texts.append((place, text))
            // A prompt is a text: ids become one to go behind it.
            case .ids(let ids) where hasPrompt:
                texts.append((place, engine.tokenizer.decode(ids, skipSpecialTokens: true)))
            case .ids(var ids):
                if ids.count > engine.maxLength {
                    guard options.longInputs.cuts else {
                        throw InferenceError(
                            .inputTooLong, "input \(place) has \(ids.count) tokens; the model takes \(engine.maxLength)"
                        )
                    }
                    ids =
                        options.longInputs == .truncatedAtStart
                        ? Array(ids.suffix(engine.maxLength)) : Array(ids.prefix(engine.maxLength))
                }
                ready[place] = EncodedSequence(TokenizedExample(inputIDs: ids))
            }
        }
        for (one, sequence) in zip(texts, try embed.encode(texts.map(\.text), options: options)) {
            ready[one.place] = sequence
        }
        return ready.compactMap(\.self)
    }
}
