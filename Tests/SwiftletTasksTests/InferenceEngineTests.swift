import SwiftletIO
import SwiftletTasks
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Synchronization
import Testing
import TinyTraining

/// What an engine tells about its work, and the states of tokens.
struct InferenceEngineTests {
    private static let texts = ["Greta left the bank.", "The bell", "Greta"]

    private func embedder(
        _ folder: TemporaryDirectory, options: InferenceOptions = InferenceOptions()
    ) async throws -> SentenceEmbeddingsPipeline {
        try PipelineGroup.first("sentence-embeddings").write(to: folder.path)
        return try await pipeline(.sentenceEmbeddings, model: folder.path, options: options)
    }

    @Test func `states come for each token, whatever they are batched with`() async throws {
        let folder = try TemporaryDirectory()
        let embed = try await embedder(folder)
        let sequences = try embed.encode(Self.texts)
        let states = try await embed.tokenStates(of: sequences)
        #expect(states.map(\.count) == sequences.map { $0.example.inputIDs.count })
        for (number, sequence) in sequences.enumerated() {
            let alone = try await embed.tokenStates(of: [sequence])[0]
            for (a, b) in zip(alone, states[number]) { #expect(difference(a, b, absolute: 1e-5) == nil) }
        }
        // Both kinds at once: neither gets the other's answer.
        var mixed = sequences
        mixed[1].wantsTokenStates = true
        let outputs = try await embed.engine.outputs(for: mixed)
        let vectors = try await embed.engine.outputs(for: sequences)
        #expect(outputs[1].rows.count == states[1].count)
        for (row, state) in zip(outputs[1].rows, states[1]) {
            #expect(difference(Array(row), state, absolute: 1e-5) == nil)
        }
        for place in [0, 2] { #expect(difference(outputs[place].values, vectors[place].values, absolute: 1e-5) == nil) }
    }

    @Test func `calls and batches are measured`() async throws {
        let folder = try TemporaryDirectory()
        let batches = Mutex<[BatchFigures]>([])
        let embed = try await embedder(
            folder,
            options: InferenceOptions(tokenBudget: 8, onBatch: { figures in batches.withLock { $0.append(figures) } }))
        let count = try embed.encode(Self.texts).reduce(0) { $0 + $1.example.inputIDs.count }
        let (vectors, figures) = try await InferenceMeasurement.of {
            async let first = embed(Self.texts)
            async let second = embed([Self.texts[0]])
            return try await (first, second)
        }
        #expect(vectors.0.count == 3 && vectors.1.count == 1)
        #expect(figures.sequenceCount == 4)
        #expect(figures.tokenCount == count + (try embed.encode([Self.texts[0]])[0].example.inputIDs.count))
        #expect(figures.ran > .zero && figures.waited >= .zero)
        let seen = batches.withLock { $0 }
        #expect(seen.reduce(0) { $0 + $1.sequenceCount } == 4)
        #expect(seen.reduce(0) { $0 + $1.tokenCount } == figures.tokenCount)
        #expect(seen.count > 1 && seen.allSatisfy { $0.requestCount >= 1 && $0.duration > .zero })
        // Outside of a measurement nothing is kept.
        #expect(await InferenceMeasurement.of { 1 }.figures == InferenceFigures())
    }

    @Test func `long texts are cut at the end that is asked for`() async throws {
        let folder = try TemporaryDirectory()
        let embed = try await embedder(folder)
        // Letters by themselves, of which each is a token.
        let limit = embed.engine.maxLength
        let long = [String](repeating: "b", count: limit) + [String](repeating: "g", count: limit)
        func ids(_ longInputs: LongInputs) throws -> [Int32] {
            let options = SentenceEmbeddingsOptions(longInputs: longInputs)
            return try embed.encode([long.joined(separator: " ")], options: options)[0].example.inputIDs
        }
        let (end, start) = (try ids(.truncated), try ids(.truncatedAtStart))
        let tokenizer = embed.engine.tokenizer
        func text(_ ids: [Int32]) -> String { tokenizer.decode(ids, skipSpecialTokens: true) }
        #expect(text(end) == [String](repeating: "b", count: limit - 2).joined(separator: " "))
        #expect(text(start) == [String](repeating: "g", count: limit - 2).joined(separator: " "))
        #expect(throws: InferenceError.self) { try ids(.refused) }
    }
}
