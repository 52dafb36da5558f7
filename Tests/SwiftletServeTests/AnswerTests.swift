import Foundation
import SwiftletIO
import SwiftletServe
import SwiftletTestSupport
import Testing
import TinyTraining

/// What a server answers, beside what Python's pipelines and sentence-transformers answer.
@Suite(.timeLimit(.minutes(5)))
struct AnswerTests {
    private static let tasks = [
        "text-classification", "token-classification", "question-answering", "fill-mask", "zero-shot-classification",
        "multiple-choice", "sentence-embeddings", "sentence-similarity",
    ]

    /// Python's answer in the form that the inference API has for it.
    private func form(_ task: String, _ answer: JSONValue) -> JSONValue {
        switch task {
        case "text-classification": return answer.array == nil ? [answer] : answer
        case "zero-shot-classification":
            let (labels, scores) = (answer["labels"]?.array ?? [], answer["scores"]?.array ?? [])
            return .array(zip(labels, scores).map { ["label": $0, "score": $1] })
        default: return answer
        }
    }

    @Test func `every task answers as Python's pipeline does`() async throws {
        let server = try await RunningServer(
            Self.tasks.map { RunningServer.Model(name: $0, task: $0, asked: $0) },
            options: { $0.maxClientBatchSize = 1000 })
        for task in Self.tasks where !task.hasPrefix("sentence") {
            let group = try RunningServer.Model(name: task, task: task).group()
            var count = 0
            for (inputs, options, expected) in try group.cases {
                var parameters = options
                if task == "token-classification", parameters["aggregation_strategy"] == nil {
                    parameters["aggregation_strategy"] = "none"
                }
                if task == "text-classification", parameters["top_k"] == nil { parameters["top_k"] = 1 }
                let body: JSONValue = ["inputs": .array(inputs), "parameters": .object(parameters)]
                for path in ["/models/\(task)/pipeline/\(task)", "/models/\(task)"] {
                    let answer = try await server.post(path, body)
                    #expect(answer.status == 200, "\(task): \(answer.text)")
                    #expect(
                        difference(answer.json, .array(expected.map { form(task, $0) })) == nil, "\(task) \(options)")
                    count += 1
                }
            }
            #expect(count > 0)
        }
        await server.stop()
    }

    @Test func `vectors and similarities are those of sentence-transformers`() async throws {
        let server = try await RunningServer(
            [.embedding, RunningServer.Model(name: "similarity", task: "sentence-similarity")],
            options: { $0.maxClientBatchSize = 1000 })
        var count = 0
        for (inputs, options, expected) in try RunningServer.Model.embedding.group().cases
        where options.keys.allSatisfy({ $0 == "normalize_embeddings" }) {
            let normalizes = options["normalize_embeddings"] ?? false
            let theirs = JSONValue.array(expected)
            let body: JSONValue = ["inputs": .array(inputs), "normalize": normalizes]
            for path in ["/embed", "/", "/pipeline/feature-extraction", "/models/embedding/embed"] {
                let answer = try await server.post(path, body)
                #expect(difference(answer.json, theirs) == nil, "\(path)")
            }
            let openAI = try await server.post("/v1/embeddings", ["input": .array(inputs), "model": "embedding"])
            if normalizes == true {
                let vectors = (openAI.json["data"]?.array ?? []).compactMap { $0["embedding"] }
                #expect(difference(.array(vectors), theirs) == nil)
            }
            let encoded = try await server.post(
                "/v1/embeddings", ["input": .array(inputs), "model": "embedding", "encoding_format": "base64"])
            for (packed, plain) in zip(encoded.json["data"]?.array ?? [], openAI.json["data"]?.array ?? []) {
                let ours = try floats(base64: try #require(packed["embedding"]?.string))
                let numbers: [Float] = (plain["embedding"]?.array ?? []).compactMap { value in
                    value.double.map { Float($0) }
                }
                #expect(ours == numbers && !ours.isEmpty)
            }
            count += 1
        }
        #expect(count > 0)
        for (inputs, options, expected) in try RunningServer.Model(name: "", task: "sentence-similarity").group().cases
        where options.isEmpty {
            for (input, ranked) in zip(inputs, expected) {
                var scores = [JSONValue](repeating: nil, count: ranked.array?.count ?? 0)
                for one in ranked.array ?? [] { scores[try #require(one["corpus_id"]?.int)] = one["score"] ?? nil }
                for path in ["/models/similarity/similarity", "/models/similarity"] {
                    let answer = try await server.post(path, ["inputs": input])
                    #expect(difference(answer.json, .array(scores)) == nil, "\(path): \(answer.text)")
                    count += 1
                }
            }
        }
        #expect(count > 1)
        await server.stop()
    }

    private func floats(base64 text: String) throws -> [Float] {
        let bytes = Array(try #require(Data(base64Encoded: text)))
        return stride(from: 0, to: bytes.count - 3, by: 4).map { index in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << (8 * UInt32($1)) })
        }
    }

    @Test func `labels, ranks, tokens and states come as text-embeddings-inference writes them`() async throws {
        let server = try await RunningServer([.embedding, .classifier, .reranker])
        let text = "Greta Novak left Orchard Bank."

        let single = try await server.post("/models/classifier/predict", ["inputs": .string(text)]).json
        #expect(single.array?.count == 3)
        let batch = try await server.post(
            "/models/classifier/predict", ["inputs": [[.string(text)], [.string(text), "He left."]]])
        #expect(batch.json.array?.count == 2 && difference(batch.json.array?[0] ?? nil, single) == nil)
        let pair = try await server.post("/models/classifier/predict", ["inputs": [.string(text), "He left."]])
        #expect(difference(batch.json.array?[1] ?? nil, pair.json) == nil)
        let total: [Double] = (single.array ?? []).compactMap { $0["score"]?.double }
        #expect(abs(total.reduce(0, +) - 1) < 1e-5 && total == total.sorted(by: >))
        let raw = try await server.post("/models/classifier/predict", ["inputs": .string(text), "raw_scores": true])
            .json
        #expect((raw.array ?? []).map { $0["label"] } == (single.array ?? []).map { $0["label"] })
        #expect(difference(raw, single) != nil)

        let texts: JSONValue = ["He left.", "The bell of the ship.", "Rowing Club"]
        let ranks =
            try await server.post(
                "/models/reranker/rerank", ["query": .string(text), "texts": texts, "return_text": true]
            ).json.array ?? []
        #expect(Set(ranks.compactMap { $0["index"]?.int }) == [0, 1, 2])
        for rank in ranks { #expect(rank["text"] == texts.array?[try #require(rank["index"]?.int)]) }
        let scores = ranks.compactMap { $0["score"]?.double }
        #expect(scores == scores.sorted(by: >) && scores.allSatisfy { (0...1).contains($0) })
        let rawRanks =
            try await server.post(
                "/models/reranker/rerank", ["query": .string(text), "texts": texts, "raw_scores": true]
            ).json.array ?? []
        let logits: [Double] = rawRanks.compactMap { $0["score"]?.double }
        let logistic = logits.map { (logit: Double) -> Double in 1 / (1 + exp(-logit)) }
        #expect(difference(logistic, scores, absolute: 1e-5) == nil)

        let tokens = try await server.post("/tokenize", ["inputs": .string(text)]).json.array?[0].array ?? []
        #expect(tokens.first?["special"] == true && tokens.first?["start"]?.isNull == true)
        for token in tokens where token["special"] == false {
            let (start, stop) = (try #require(token["start"]?.int), try #require(token["stop"]?.int))
            let piece = String(String.UnicodeScalarView(Array(text.unicodeScalars)[start..<stop]))
            #expect(token["text"]?.string == piece)
        }
        let decoded = try await server.post("/decode", ["ids": .array(tokens.compactMap { $0["id"] })]).json
        #expect(decoded.array?.count == 1 && decoded.array?[0].string?.isEmpty == false)

        // Ids are what the tokenizer makes of the text.
        let short = "a b c"
        let ids = (try await server.post("/tokenize", ["inputs": .string(short)]).json.array?[0].array ?? []).compactMap
        { $0["id"] }
        let vector = try await server.post("/embed", ["inputs": .string(short), "normalize": false]).json
        let ofIDs = try await server.post("/embed", ["inputs": .array(ids), "normalize": false]).json
        #expect(difference(ofIDs, vector) == nil)
        let states = try await server.post("/embed_all", ["inputs": .string(short)]).json.array?[0].array ?? []
        #expect(states.count == ids.count)
        await server.stop()
    }

    @Test func `dimensions are cut before vectors get the length 1`() async throws {
        let server = try await RunningServer([.embedding])
        let all =
            try await server.post("/embed", ["inputs": "He left.", "normalize": false]).json.array?[0].array ?? []
        let cut = try await server.post("/embed", ["inputs": "He left.", "dimensions": 3]).json.array?[0].array ?? []
        let first = all.prefix(3).compactMap(\.double)
        let length = first.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(difference(cut.compactMap(\.double), first.map { $0 / length }, absolute: 1e-5) == nil)
        let tooMany = try await server.post("/embed", ["inputs": "He left.", "dimensions": 100_000])
        #expect(tooMany.status == 422 && tooMany.text.contains("dimensions"))
        await server.stop()
    }

    @Test func `long texts are cut at the asked end, or refused`() async throws {
        let server = try await RunningServer([.embedding])
        let limit = try #require(try await server.get("/info").json["max_input_length"]?.int)
        // Letters by themselves, of which each is a token.
        let some = ["a", "b", "c", "d", "e", "f", "g"]
        let words = (0..<limit * 2).map { (number: Int) -> String in some[number % 7] }
        let long = words.joined(separator: " ")
        func vector(_ text: String, _ more: JSONObject) async throws -> RawClient.Answer {
            var body = more
            body["inputs"] = .string(text)
            return try await server.post("/embed", .object(body))
        }
        let refused = try await vector(long, ["truncate": false])
        #expect(refused.status == 413 && refused.text.contains("\(limit)") && refused.text.contains("truncate"))
        let right = try await vector(long, ["truncate": true])
        let left = try await vector(long, ["truncate": true, "truncation_direction": "Left"])
        let usual = try await vector(long, [:])
        #expect(right.json == usual.json && right.json != left.json)
        // Two special tokens; each word is one token.
        let tail = try await vector(words.suffix(limit - 2).joined(separator: " "), ["truncate": false])
        #expect(tail.status == 200 && difference(left.json, tail.json) == nil, "\(tail.text.prefix(200))")
        await server.stop()
    }
}
