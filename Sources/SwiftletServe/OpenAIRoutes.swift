import SwiftletIO
import SwiftletTasks
import SwiftletTraining

/// The requests of OpenAI's API that a model for embeddings answers.
enum OpenAI {
    /// `/v1/embeddings`
    static func embeddings(_ call: Endpoint.Call) async throws -> JSONBuffer {
        let fields = try RequestFields(call.body, keys: ["input", "model", "encoding_format", "dimensions", "user"])
        let embed = try call.model.embed()
        let input = try BatchInput<TextOrIDs>(
            try fields.required("input"), "input", limit: call.options.maxClientBatchSize)
        let isBase64 = try fields.choice("encoding_format", ["float", "base64"]) == "base64"
        // Who asks is for logs, of which none has it.
        _ = try fields.string("user")
        var options = embed.options
        options.normalizes = true
        options.longInputs = call.options.autoTruncate ? .truncated : .refused
        let sequences = try Sequences.of(input.elements, embed, options)
        let vectors = try await TextEmbeddings.vectors(
            embed, sequences, options, dimensions: try fields.int("dimensions"))
        let tokens = sequences.reduce(0) { $0 + $1.example.inputIDs.count }
        var buffer = JSONBuffer()
        buffer.append("{\"object\":\"list\",\"data\":")
        try buffer.append(list: vectors.enumerated()) { buffer, vector in
            buffer.append("{\"object\":\"embedding\",\"index\":\(vector.offset),\"embedding\":")
            if isBase64 {
                buffer.append("\"\(Base64.text(vector.element))\"")
            } else {
                try buffer.append(vector.element)
            }
            buffer.append("}")
        }
        buffer.append(",\"model\":")
        buffer.append(.string(call.model.name))
        buffer.append(",\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}}")
        return buffer
    }

    /// `/v1/models`
    static func models(_ models: ServedModels) -> JSONValue {
        ["object": "list", "data": .array(models.sources.map(json))]
    }

    static func json(_ source: ModelSource) -> JSONValue {
        ["id": .string(source.name), "object": "model", "created": 0, "owned_by": "swiftlet"]
    }
}

enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Float32 numbers, the lowest byte first.
    static func text(_ vector: [Float]) -> String {
        text(
            vector.flatMap { value in
                let bits = value.bitPattern.littleEndian
                return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> $0) }
            })
    }

    static func text(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let (a, b, c) = (bytes[index], left > 1 ? bytes[index + 1] : 0, left > 2 ? bytes[index + 2] : 0)
            result.append(digits[Int(a >> 2)])
            result.append(digits[Int((a & 3) << 4 | b >> 4)])
            result.append(left > 1 ? digits[Int((b & 15) << 2 | c >> 6)] : UInt8(ascii: "="))
            result.append(left > 2 ? digits[Int(c & 63)] : UInt8(ascii: "="))
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }
}
