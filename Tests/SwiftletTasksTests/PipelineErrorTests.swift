import SwiftletIO
import SwiftletModels
import SwiftletTasks
import SwiftletTestSupport
import Testing
import TinyTraining

/// Inputs and options that a pipeline can't work with.
struct PipelineErrorTests {
    private static let long = [String](repeating: "Divers found the bell.", count: 40).joined(separator: " ")

    /// Task, input, options, the error's kind, and what it names.
    static let bad: [(task: String, input: JSONValue, options: JSONObject, kind: InferenceError.Kind, names: String)] =
        [
            ("text-classification", 7, [:], .badInput, "text_pair"),
            ("text-classification", ["txt": "a"], [:], .badInput, "'txt'"),
            ("text-classification", ["text": "a", "text_pair": 3], [:], .badInput, "'text_pair'"),
            ("text-classification", "a", ["top_k": 0], .badOption, "topK"),
            ("text-classification", "a", ["top_k": "two"], .badOption, "'top_k'"),
            ("text-classification", "a", ["topk": 2], .badOption, "'topk'"),
            ("text-classification", "a", ["function_to_apply": "tanh"], .badOption, "softmax, sigmoid, none"),
            ("text-classification", .string(long), ["truncation": false], .inputTooLong, "40"),
            ("token-classification", ["words": ["a", 3]], [:], .badInput, "'words'"),
            ("token-classification", "a", ["aggregation_strategy": "min"], .badOption, "average"),
            ("token-classification", "a", ["stride": 5], .badOption, "aggregationStrategy"),
            ("token-classification", "a", ["stride": 38, "aggregation_strategy": "max"], .badOption, "stride"),
            ("token-classification", "a", ["stride": -1, "aggregation_strategy": "max"], .badOption, "stride"),
            ("token-classification", .string(long), ["truncation": false], .inputTooLong, "40"),
            ("question-answering", "a", [:], .badInput, "question and context"),
            ("question-answering", ["question": "a"], [:], .badInput, "'context'"),
            ("question-answering", ["question": "", "context": "b"], [:], .badInput, "question"),
            ("question-answering", ["question": "a", "context": ""], [:], .badInput, "context"),
            ("question-answering", ["question": .string(long), "context": "b"], [:], .inputTooLong, "question"),
            (
                "question-answering", ["question": "a", "context": "b"], ["max_seq_len": 41], .badOption,
                "maxSequenceLength"
            ),
            (
                "question-answering", ["question": "a", "context": "b"], ["max_seq_len": 0], .badOption,
                "maxSequenceLength"
            ),
            (
                "question-answering", ["question": "a", "context": "b"], ["max_answer_len": 0], .badOption,
                "maxAnswerLength"
            ),
            ("question-answering", ["question": "a", "context": "b"], ["doc_stride": -2], .badOption, "docStride"),
            ("question-answering", ["question": "a", "context": "b"], ["doc_stride": 39], .badOption, "docStride"),
            ("question-answering", ["question": "a", "context": "b"], ["top_k": 0], .badOption, "topK"),
            ("fill-mask", "no mask", [:], .badInput, "[MASK]"),
            ("fill-mask", .string(long + " [MASK]"), [:], .badInput, "40"),
            ("fill-mask", "a [MASK]", ["targets": []], .badOption, "targets"),
            ("fill-mask", "a [MASK]", ["targets": [1]], .badOption, "'targets'"),
            ("sentence-embeddings", "a", ["prompt_name": "query"], .badOption, "'query'"),
            ("sentence-embeddings", "a", ["truncate_dim": 0], .badOption, "truncatedDimension"),
            ("sentence-similarity", ["source_sentence": "a"], [:], .badInput, "'sentences'"),
            ("sentence-similarity", "a", [:], .badInput, "source_sentence"),
            ("zero-shot-classification", "a", [:], .badOption, "candidate labels"),
            ("zero-shot-classification", "a", ["candidate_labels": " , "], .badOption, "candidate labels"),
            ("zero-shot-classification", "a", ["candidate_labels": "b", "hypothesis_template": "c"], .badOption, "{}"),
            (
                "zero-shot-classification", "a", ["candidate_labels": "b", "entailment_label": "yes"], .badOption,
                "'yes'"
            ),
            ("multiple-choice", ["prompt": "a", "choices": []], [:], .badInput, "choices"),
            ("multiple-choice", ["prompt": "a"], [:], .badInput, "'choices'"),
        ]

    @Test(arguments: Set(bad.map(\.task)).sorted())
    func `says what is wrong with a call`(_ task: String) async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first(task).write(to: folder.path)
        let pipe = try await pipeline(task, model: folder.path)
        for (_, input, options, kind, names) in Self.bad.filter({ $0.task == task }) {
            await #expect("\(input.text()) \(JSONValue.object(options).text())") {
                _ = try await pipe(input, options: options)
            } throws: { error in
                (error as? InferenceError)?.kind == kind && "\(error)".contains(names)
            }
        }
        #expect(try await pipe([]).isEmpty)
    }

    @Test func `a model that knows no entailment is refused`() async throws {
        let folder = try TemporaryDirectory()
        let group = try PipelineGroup.first("zero-shot-classification")
        try group.write(to: folder.path, config: ["id2label": ["0": "no", "1": "maybe", "2": "yes"], "label2id": [:]])
        var classify = try await pipeline(.zeroShotClassification, model: folder.path)
        let unaware = classify
        let error = await #expect(throws: InferenceError.self) {
            _ = try await unaware("a", candidateLabels: ["b"])
        }
        #expect(error?.kind == .wrongTask && error.map { "\($0)".contains("no, maybe, yes") } == true)
        classify.options.entailmentLabel = "yes"
        let answer = try await classify("a", candidateLabels: ["b", "c"])
        #expect(answer.scores.count == 2 && abs(answer.scores[0].score + answer.scores[1].score - 1) < 1e-5)
    }

    @Test func `a second text that is too long is named by its number`() async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("text-classification").write(to: folder.path)
        var classify = try await pipeline(.textClassification, model: folder.path)
        classify.options.longInputs = .refused
        let strict = classify
        let error = await #expect(throws: InferenceError.self) {
            _ = try await strict([TextInput("a", "b"), TextInput("c"), TextInput(Self.long)])
        }
        #expect(error?.kind == .inputTooLong && error?.message.hasPrefix("text 2 has") == true)
    }

    @Test(arguments: [
        ("modules.json", #"[{"path":"","type":"sentence_transformers.models.Transformer"}]"#, "Pooling"),
        ("modules.json", #"{"a": 1}"#, "list of modules"),
        ("1_Pooling/config.json", #"{"pooling_mode": "median"}"#, "'median'"),
        ("1_Pooling/config.json", #"{"pooling_mode_median_tokens": true}"#, "'pooling_mode_median_tokens'"),
        ("2_Dense/config.json", #"{"in_features": 31, "out_features": 12}"#, "'in_features'"),
        ("2_Dense/config.json", #"{"in_features": 32, "out_features": 11}"#, "'linear.weight'"),
        ("2_Dense/config.json", #"{"in_features": 32, "out_features": 12, "activation_function": "my.Act"}"#, "my.Act"),
        (
            "2_Dense/config.json", #"{"in_features": 32, "out_features": 12, "module_input_name": "x"}"#,
            "'module_input_name'"
        ),
        ("sentence_bert_config.json", #"{"max_seq_length": 0}"#, "'max_seq_length'"),
        ("config_sentence_transformers.json", #"{"default_prompt_name": "x"}"#, "'default_prompt_name'"),
        ("config_sentence_transformers.json", #"{"similarity_fn_name": "x"}"#, "'similarity_fn_name'"),
    ])
    func `a module that is not understood is named`(_ name: String, _ text: String, _ culprit: String) async throws {
        let folder = try TemporaryDirectory()
        let group = try #require(PipelineGroup.all.first { $0.json["files"]?["2_Dense/config.json"] != nil })
        try group.write(to: folder.path)
        try AtomicFile.write(text, to: folder.file(name))
        await #expect { _ = try await pipeline(.sentenceEmbeddings, model: folder.path) } throws: { error in
            error is ModelError && "\(error)".contains(culprit) && "\(error)".contains(name.split(separator: "/")[0])
        }
    }

    @Test(arguments: ["sentence_transformers.models.CNN", "my_module.Normalize", "../x"])
    func `an unknown module is refused by name`(_ type: String) async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("sentence-embeddings").write(to: folder.path)
        var list = try #require(try JSONValue(contentsOf: folder.file("modules.json")).array)
        let path: JSONValue = type == "../x" ? "../x" : "2_Other"
        list.append([
            "idx": 2, "name": "2", "path": path,
            "type": .string(type == "../x" ? "sentence_transformers.a.Dense" : type),
        ])
        try AtomicFile.write(JSONValue.array(list).text(), to: folder.file("modules.json"))
        await #expect { _ = try await pipeline(.sentenceEmbeddings, model: folder.path) } throws: { error in
            error is ModelError && "\(error)".contains("'\(type.replacing("sentence_transformers.models.", with: ""))'")
        }
    }
}
