import SwiftletIO

extension Tokenizer {
    /// Writes `tokenizer.json` and `tokenizer_config.json`, from which Python's `AutoTokenizer` and this package make a
    /// tokenizer that encodes the same.
    ///
    /// Each file is replaced as a whole. Truncation and padding are not saved: they belong to calls.
    ///
    /// - Parameter folder: made if it is not there.
    public func save(to folder: String) throws {
        try FileSystem.createDirectory(folder)
        try AtomicFile.write(tokenizerJSON, to: FileSystem.join(folder, "tokenizer.json"))
        try AtomicFile.write(
            JSONValue.object(tokenizerConfig).text(.tokenizer) + "\n",
            to: FileSystem.join(folder, "tokenizer_config.json"))
    }

    private var tokenizerJSON: String {
        let document: JSONValue = [
            "version": .string(TokenizerJSON.version), "truncation": nil, "padding": nil,
            "added_tokens": .array(pipeline.added.sorted.map { $0.token.json(id: $0.id) }),
            "normalizer": pipeline.normalizer?.json ?? .null, "pre_tokenizer": pipeline.preTokenizer?.json ?? .null,
            "post_processor": pipeline.postProcessor.json, "decoder": pipeline.decoder?.json ?? .null,
            "model": nil,
        ]
        var text = document.text(.tokenizer)
        text.removeLast("null\n}".count)
        return text + pipeline.model.text + "\n}"
    }

    private var tokenizerConfig: JSONObject {
        var config = settings.config
        for key in ["added_tokens_decoder", "additional_special_tokens", "special_tokens_map_file", "tokenizer_file"] {
            config[key] = nil
        }
        for (name, token) in settings.special { config[name] = .string(token.content) }
        if !settings.extraSpecial.isEmpty {
            config["extra_special_tokens"] = .array(settings.extraSpecial.map { .string($0.content) })
        }
        if modelMaxLength < Int.max { config["model_max_length"] = .int(modelMaxLength) }
        config["padding_side"] = paddingSide == .left ? "left" : "right"
        config["truncation_side"] = truncationSide == .left ? "left" : "right"
        config["tokenizer_class"] = .string(settings.className)
        return config
    }
}
