import SwiftletIO
import SwiftletServe
import SwiftletTestSupport
import Testing
import TinyTraining

/// What a request may ask of a model is counted in what the model works on.
@Suite(.timeLimit(.minutes(5)))
struct LimitTests {
    private static func server(
        _ tasks: [String], limit: Int = 8, _ change: (inout ServerOptions) -> Void = { _ in }
    ) async throws -> RunningServer {
        try await RunningServer(
            tasks.map { RunningServer.Model(name: $0, task: $0, asked: $0) },
            options: {
                $0.maxClientBatchSize = limit
                change(&$0)
            })
    }

    private func strings(_ count: Int) -> JSONValue { .array((0..<count).map { .string("ship \($0)") }) }

    @Test func `labels and choices count once for each text`() async throws {
        let server = try await Self.server(["zero-shot-classification", "multiple-choice"])
        for (texts, labels, status) in [(1, 8, 200), (1, 9, 413), (4, 2, 200), (3, 3, 413), (8, 1, 200), (9, 1, 413)] {
            let answer = try await server.post(
                "/models/zero-shot-classification",
                ["inputs": strings(texts), "parameters": ["candidate_labels": strings(labels)]])
            #expect(answer.status == status, "\(texts) texts, \(labels) labels: \(answer.text)")
            if status == 413, labels > 1 {
                #expect(answer.text.contains("\(texts * labels)") && answer.text.contains("8"))
            }
            if status == 200 {
                let tokens = try #require(answer.headers["x-compute-tokens"].flatMap { Int($0) })
                #expect(tokens > texts * labels, "each label of each text has tokens of its own")
            }
        }
        // One string with commas is a list.
        let joined = (0..<9).map { "ship \($0)" }.joined(separator: ",")
        let commas = try await server.post(
            "/models/zero-shot-classification",
            ["inputs": "Greta left", "parameters": ["candidate_labels": .string(joined)]])
        #expect(commas.status == 413)
        for (prompts, choices, status) in [(1, 8, 200), (1, 9, 413), (2, 4, 200), (2, 5, 413)] {
            let input: JSONValue = ["prompt": "Greta left", "choices": strings(choices)]
            let answer = try await server.post(
                "/models/multiple-choice", ["inputs": .array(Array(repeating: input, count: prompts))])
            #expect(answer.status == status, "\(prompts) prompts, \(choices) choices: \(answer.text)")
        }
        #expect(
            try await server.metric(
                "te_request_failure{route=\"/models/:model\",model=\"zero-shot-classification\",err=\"batch_size\"}")
                == 4)
        await server.stop()
    }

    @Test func `parts of long texts count, and are told before they are made`() async throws {
        let server = try await Self.server(["question-answering", "token-classification"])
        func ask(_ words: Int, inputs: Int = 1, _ parameters: JSONObject = [:]) async throws -> RawClient.Answer {
            let context = Array(repeating: "ship", count: words).joined(separator: " ")
            let input: JSONValue = ["question": "Who left?", "context": .string(context)]
            return try await server.post(
                "/models/question-answering",
                ["inputs": .array(Array(repeating: input, count: inputs)), "parameters": .object(parameters)])
        }
        #expect(try await ask(5).status == 200)
        let short: JSONObject = ["max_seq_len": 20, "doc_stride": 4]
        #expect(try await ask(6, short).status == 200)
        #expect(try await ask(6, inputs: 8, short).status == 413)
        let many = try await ask(400, short)
        #expect(many.status == 413 && many.text.contains("part of a long context"), "\(many.text)")
        // Each part has a few new tokens: a hundred thousand parts are not made.
        #expect(try await ask(100_000, short).status == 413)

        for (words, stride, status) in [(5, 2, 200), (100_000, 2, 413), (100_000, nil, 200)] {
            let text = Array(repeating: "ship", count: words).joined(separator: " ")
            for input: JSONValue in [
                .string(text), ["words": .array(text.split(separator: " ").map { .string(String($0)) })],
            ] {
                var parameters: JSONObject = ["aggregation_strategy": "simple"]
                if let stride { parameters["stride"] = .int(stride) }
                let answer = try await server.post(
                    "/models/token-classification", ["inputs": input, "parameters": .object(parameters)])
                #expect(answer.status == status, "\(words), \(stride ?? -1): \(answer.text.prefix(300))")
            }
        }
        await server.stop()
    }

    @Test func `masks count, and what is given for each is bounded`() async throws {
        let server = try await Self.server(["fill-mask"])
        let mask = "[MASK]"
        for (masks, texts, status) in [(1, 8, 200), (8, 1, 200), (9, 1, 413), (3, 3, 413)] {
            let text = Array(repeating: mask, count: masks).joined(separator: " ")
            let answer = try await server.post(
                "/", ["inputs": .array(Array(repeating: .string(text), count: texts))])
            #expect(answer.status == status, "\(masks), \(texts): \(answer.text.prefix(300))")
        }
        let all = try await server.post("/", ["inputs": .string(mask), "parameters": ["top_k": 1001]])
        #expect(all.status == 422 && all.text.contains("top_k"))
        await server.stop()
    }

    @Test func `sentences, ranks and lists of ids count one by one`() async throws {
        let server = try await RunningServer([.embedding, .reranker], options: { $0.maxClientBatchSize = 8 })
        let ids: (Int) -> JSONValue = { .array(Array(repeating: [5, 6], count: $0)) }
        let source: (Int) -> JSONValue = { [self] in ["source_sentence": "ship", "sentences": strings($0)] }
        let cases: [(path: String, fits: JSONValue, isTooMuch: JSONValue)] = [
            ("/embed", ["inputs": ids(8)], ["inputs": ids(9)]), ("/embed_all", ["inputs": ids(8)], ["inputs": ids(9)]),
            ("/v1/embeddings", ["input": ids(8)], ["input": ids(9)]),
            ("/v1/embeddings", ["input": strings(8)], ["input": strings(3000)]),
            ("/similarity", ["inputs": source(7)], ["inputs": source(8)]),
            ("/pipeline/sentence-similarity", ["inputs": source(7)], ["inputs": source(5000)]),
            (
                "/models/reranker/rerank", ["query": "ship", "texts": strings(8)],
                ["query": "ship", "texts": strings(5000)]
            ),
            ("/decode", ["ids": ids(8)], ["ids": ids(9)]),
        ]
        for (path, fits, isTooMuch) in cases {
            let answer = try await server.post(path, fits)
            #expect(answer.status == 200, "\(path): \(answer.text)")
            #expect(try await server.post(path, isTooMuch).status == 413, "\(path)")
        }
        // A single list of ids is one text, however long; it is cut, or refused as a text is.
        let long = JSONValue.array(Array(repeating: 5, count: 10_000))
        #expect(try await server.post("/v1/embeddings", ["input": long]).status == 200)
        #expect(try await server.post("/embed", ["inputs": long, "truncate": false]).status == 413)
        await server.stop()
    }

    @Test func `large answers wait their turn outside`() async throws {
        let gate = Gate()
        let server = try await RunningServer(
            [.embedding], options: { $0.answerByteLimit = 20_000 }, inference: gate.options)
        let body: JSONValue = ["inputs": strings(8)]
        // Alone, an answer beyond the limit is made.
        #expect(try await server.post("/embed_all", body).status == 200)
        gate.close()
        let first = Task { try await server.post("/embed_all", body) }
        while !gate.isHolding { try await Task.sleep(for: .milliseconds(2)) }
        let second = try await server.post("/embed_all", body)
        #expect(second.status == 429 && second.headers["retry-after"] != nil)
        gate.open()
        #expect(try await first.value.status == 200)
        // The space of an answer that was sent is free again, a little after its last byte.
        while try await server.post("/embed_all", body).status != 200 { try await Task.sleep(for: .milliseconds(2)) }
        await server.stop()
    }
}
