import Foundation
import SwiftletIO
import SwiftletTasks
import SwiftletTestSupport
import Testing
import TinyTraining

/// Pipelines against Python's, on all families and with all options.
struct PipelineTests {
    @Test func `the fixture has a group for each task`() {
        let tasks = Set(PipelineGroup.all.compactMap { $0.json["task"]?.string })
        #expect(
            tasks == [
                "text-classification", "token-classification", "question-answering", "fill-mask", "sentence-embeddings",
                "sentence-similarity", "zero-shot-classification", "multiple-choice",
            ])
        #expect(Set(PipelineGroup.all.compactMap { $0.json["model"]?.string }).count == 15)
    }

    @Test(arguments: PipelineGroup.all)
    func `answers are Python's`(_ group: PipelineGroup) async throws {
        let folder = try TemporaryDirectory()
        try group.write(to: folder.path)
        let pipe = try await pipeline(try group.string("task"), model: folder.path)
        for (inputs, options, expected) in try group.cases {
            let answers = try await pipe(inputs, options: options)
            #expect(answers.count == expected.count)
            for (index, (answer, expected)) in zip(answers, expected).enumerated() {
                let found = difference(answer.json, expected)
                #expect(found == nil, "\(JSONValue.object(options).text()), input \(index)")
            }
        }
    }

    @Test(arguments: ["words", "pieces", "bytes"])
    func `places in texts are indices too`(_ model: String) async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("token-classification", "pipelines/models/\(model)").write(to: folder.path)
        var find = try await pipeline(.tokenClassification, model: folder.path)
        find.options = TokenClassificationOptions(aggregationStrategy: .simple, ignoreLabels: [])
        let text = "Zo\u{eb} flew to S\u{e3}o\u{a0}Paulo \u{1F6EB} with Cafe\u{301} d\u{2019}Or."
        let entities = try await find(text)
        #expect(!entities.isEmpty)
        for entity in entities {
            let scalars = Array(text.unicodeScalars)[entity.start..<entity.end]
            #expect(Array(text[entity.range].unicodeScalars) == Array(scalars))
        }
        let words = ["Zo\u{eb}", "\u{1F6EB}", "Cafe\u{301}"]
        let joined = words.joined(separator: "--")
        find.options.delimiter = "--"
        for entity in try await find(.words(words)) {
            let scalars = Array(joined.unicodeScalars)[entity.start..<entity.end]
            #expect(Array(joined[entity.range].unicodeScalars) == Array(scalars))
        }
    }

    @Test func `answers are places in the context`() async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("question-answering").write(to: folder.path)
        let ask = try await pipeline(.questionAnswering, model: folder.path)
        let context = "Zo\u{eb} keeps it in S\u{e3}o Paulo \u{1F6EB}."
        var options = ask.options
        options.topK = 6
        let found = try await ask(question: "Who?", context: context, options: options)
        #expect(found.answers.count == 6 && found.range == found.answers[0].range)
        for answer in found.answers { #expect(context[answer.range] == answer.answer) }
    }

    @Test func `a folder says which pipeline it is for`() async throws {
        for (task, architecture) in [
            ("text-classification", "BertForSequenceClassification"),
            ("token-classification", "BertForTokenClassification"),
            ("question-answering", "BertForQuestionAnswering"), ("fill-mask", "BertForMaskedLM"),
            ("multiple-choice", "BertForMultipleChoice"), ("sentence-embeddings", "BertModel"),
        ] {
            let folder = try TemporaryDirectory()
            try PipelineGroup.first(task).write(to: folder.path, config: ["architectures": [.string(architecture)]])
            #expect(try await pipeline(model: folder.path).name == task)
        }
        // As sentence-transformers/all-mpnet-base-v2 is saved.
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("sentence-embeddings").write(
            to: folder.path, config: ["architectures": ["BertForMaskedLM"]])
        #expect(try await pipeline(model: folder.path).name == "sentence-embeddings")
        try PipelineGroup.first("fill-mask").write(to: folder.path, config: ["architectures": ["BertFoo"]])
        try FileSystem.remove(folder.file("modules.json"))
        await #expect { _ = try await pipeline(model: folder.path) } throws: { error in
            (error as? InferenceError)?.kind == .wrongTask && "\(error)".contains("BertFoo")
        }
    }

    @Test func `a model without the task's head is refused`() async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("fill-mask").write(to: folder.path)
        await #expect { _ = try await pipeline(.textClassification, model: folder.path) } throws: { error in
            (error as? InferenceError)?.kind == .wrongTask && "\(error)".contains("classifier.weight")
        }
        await #expect { _ = try await pipeline("summarization", model: folder.path) } throws: { error in
            (error as? InferenceError)?.kind == .badOption && "\(error)".contains("'summarization'")
        }
    }

    @Test func `results have a form in JSON for any encoder`() async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("text-classification").write(to: folder.path)
        let classify = try await pipeline(.textClassification, model: folder.path)
        let answer = try await classify("Greta left.", "She went away.")
        #expect(try JSONValue(parsing: try text(answer)) == answer.json)
        #expect(answer.json["label"]?.string == answer.label)
        #expect(try JSONDecoder().decode(LabelScore.self, from: JSONEncoder().encode(answer)) == answer.scores[0])
        let dynamic = try await pipeline("sentiment-analysis", model: folder.path)("Greta left.", "She went away.")
        #expect(dynamic.json == answer.json && dynamic.label == answer.label && dynamic.score == answer.score)
    }

    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
}
