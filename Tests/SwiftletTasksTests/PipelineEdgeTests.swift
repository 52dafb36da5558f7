import SwiftletIO
import SwiftletTasks
import SwiftletTestSupport
import Testing
import TinyTraining

/// Texts that nobody writes, and somebody sends.
struct PipelineEdgeTests {
    private static let odd = [
        "", " ", "\n\t\r\n", "\u{0}", "\u{FEFF}", "\u{301}", "e\u{301}\u{301}\u{301}", "\u{200D}\u{200D}", "👩‍👩‍👧‍👦 in 👩🏽‍🚀",
        "🇩🇪🇫",
        "\u{202E}abc", "\u{FFFD}", "\u{10FFFF}", "[CLS] [SEP] [PAD]", "a\u{0}b", String(repeating: "x", count: 3000),
        String(repeating: "ab ", count: 1000), String(repeating: "👍🏽", count: 300),
    ]

    private func pipe(_ task: String) async throws -> AnyPipeline {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first(task).write(to: folder.path)
        return try await pipeline(task, model: folder.path)
    }

    private static func input(_ task: String, _ text: String) -> JSONValue {
        switch task {
        case "fill-mask": .string("[MASK] \(text)")
        case "sentence-similarity": ["source_sentence": .string(text), "sentences": ["a", .string(text), ""]]
        case "multiple-choice": ["prompt": .string(text), "choices": ["a", .string(text), ""]]
        case "question-answering": ["question": "who", "context": .string("a " + text)]
        default: .string(text)
        }
    }

    @Test(
        arguments: [
            ("text-classification", [:]), ("fill-mask", [:]), ("sentence-embeddings", [:]),
            ("sentence-similarity", [:]),
            ("multiple-choice", [:]), ("question-answering", ["handle_impossible_answer": true]),
            ("zero-shot-classification", ["candidate_labels": ["", "a"]]),
            ("token-classification", ["aggregation_strategy": "none", "ignore_labels": []]),
            ("token-classification", ["aggregation_strategy": "average", "ignore_labels": [], "stride": 3]),
        ] as [(String, JSONObject)])
    func `odd texts are answered, or refused with an error`(_ task: String, _ options: JSONObject) async throws {
        let pipe = try await pipe(task)
        var answered: [(input: JSONValue, answer: JSONValue)] = []
        for text in Self.odd {
            let input = Self.input(task, text)
            do { answered.append((input, try await pipe(input, options: options).json)) } catch let error
                as InferenceError
            {
                #expect(!error.message.isEmpty)
            }
        }
        #expect(answered.count > Self.odd.count / 2)
        let together = try await pipe(answered.map(\.input), options: options)
        #expect(together.count == answered.count)
        for (index, answer) in together.enumerated() {
            #expect(Self.agree(answer.json, answered[index].answer), "\(answered[index].input.text().prefix(60))")
        }
    }

    /// Whether numbers are equal to 1e-5 and all else entirely.
    private static func agree(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let left = left.double, let right = right.double { return abs(left - right) <= 1e-5 * max(1, abs(right)) }
        if let left = left.array, let right = right.array {
            return left.count == right.count && zip(left, right).allSatisfy { agree($0, $1) }
        }
        if let left = left.object, let right = right.object {
            return left.keys == right.keys && zip(left.values, right.values).allSatisfy { agree($0, $1) }
        }
        return left == right
    }

    @Test func `entities of odd texts lie in the text`() async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("token-classification").write(to: folder.path)
        var find = try await pipeline(.tokenClassification, model: folder.path)
        find.options.ignoreLabels = []
        for strategy in AggregationStrategy.allCases {
            find.options.aggregationStrategy = strategy
            for text in Self.odd {
                for entity in try await find(text) {
                    let scalars = Array(text.unicodeScalars)
                    #expect(0 <= entity.start && entity.start <= entity.end && entity.end <= scalars.count)
                    guard entity.end <= scalars.count, entity.start <= entity.end else { continue }
                    var part = String.UnicodeScalarView()
                    part.append(contentsOf: scalars[entity.start..<entity.end])
                    #expect(Array(text[entity.range].unicodeScalars) == Array(part))
                }
            }
        }
    }
}
