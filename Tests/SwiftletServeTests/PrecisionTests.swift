import SwiftletIO
import SwiftletServe
import SwiftletTasks
import SwiftletTestSupport
import Testing
import TinyTraining

/// Models that multiply in 8 bits or in bfloat16, each by itself.
@Suite(.timeLimit(.minutes(5)))
struct PrecisionTests {
    private static func model(
        _ name: String, _ task: String, _ options: InferenceOptions? = nil, isQuantized: Bool = false
    ) -> RunningServer.Model {
        var model = RunningServer.Model(name: name, task: task, asked: task)
        (model.inference, model.isQuantized) = (options, isQuantized)
        return model
    }

    @Test(arguments: [
        "text-classification", "token-classification", "question-answering", "fill-mask", "zero-shot-classification",
        "multiple-choice", "sentence-embeddings",
    ])
    func `a model runs in 8 bits where asked, or by itself, and says so`(_ task: String) async throws {
        let server = try await RunningServer([
            Self.model("exact", task), Self.model("asked", task, InferenceOptions(int8: true)),
            Self.model("saved", task, isQuantized: true), Self.model("half", task, InferenceOptions(bf16: true)),
        ])
        var answers: [String: JSONValue] = [:]
        let (inputs, options, _) = try #require(try Self.model("", task).group().cases.first)
        for (name, dtype) in [("exact", "float32"), ("asked", "int8"), ("saved", "int8"), ("half", "bfloat16")] {
            let info = try await server.get("/models/\(name)/info").json
            #expect(info["model_dtype"]?.string == dtype, "\(name)")
            var body: JSONObject = ["inputs": inputs[0]]
            if !options.isEmpty, task != "sentence-embeddings" { body["parameters"] = .object(options) }
            let answer = try await server.post("/models/\(name)", .object(body))
            #expect(answer.status == 200, "\(name): \(answer.text)")
            answers[name] = answer.json
        }
        // The products are rounded, and little: what is asked for is what a folder in 8 bits does by itself.
        #expect(answers["asked"] != answers["exact"] && answers["half"] != answers["exact"])
        if task == "sentence-embeddings" {
            let vectors = answers.compactMapValues { $0.array?[0].array?.compactMap(\.double) }
            let exact = try #require(vectors["exact"])
            for name in ["asked", "saved", "half"] {
                let near = try #require(vectors[name])
                #expect(difference(near, exact, absolute: 0.05) == nil, "\(name)")
            }
            let states = try await server.post("/embed_all", ["inputs": "Greta left"]).json
            let rounded = try await server.post("/models/asked/embed_all", ["inputs": "Greta left"]).json
            #expect(states != rounded && states.array?[0].array?.count == rounded.array?[0].array?.count)
        }
        await server.stop()
    }

    @Test func `8 bits beside bfloat16 are refused before the model answers`() async throws {
        for (isQuantized, options) in [
            (true, InferenceOptions(bf16: true)), (false, InferenceOptions(bf16: true, int8: true)),
        ] {
            let error = await #expect(throws: InferenceError.self) {
                let server = try await RunningServer([
                    Self.model("a", "text-classification", options, isQuantized: isQuantized)
                ])
                await server.stop()
            }
            #expect(error?.kind == .badOption && error?.description.contains("bf16") == true)
        }
    }
}
