import Dispatch
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTasks
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Synchronization
import Testing
import TinyTraining

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Names in the order in which tasks add them.
private final class Names: Sendable {
    private let names = Mutex<[String]>([])

    var all: [String] { names.withLock { $0 } }

    func add(_ name: String) { names.withLock { $0.append(name) } }
}

/// Pipelines that many tasks call at once.
struct PipelineConcurrencyTests {
    /// 10,000 where `SWIFTLET_MANY_REQUESTS` is set.
    private static let requestCount = environment("SWIFTLET_MANY_REQUESTS") == nil ? 640 : 10_000
    private static let taskCount = 64

    private static let words = ["Greta", "left", "the", "bank", "ship", "Rowing", "Club", "bell", "of", "in"]

    private static func text(_ number: Int) -> String {
        (0...number % 23).map { words[(number * 7 + $0 * 3) % words.count] }.joined(separator: " ")
    }

    private func classifier(
        _ folder: TemporaryDirectory, budget: Int = 512
    ) async throws -> TextClassificationPipeline {
        try PipelineGroup.first("text-classification").write(to: folder.path)
        return try await pipeline(
            .textClassification, model: folder.path, options: InferenceOptions(tokenBudget: budget))
    }

    private func differ(_ a: TextClassification, _ b: TextClassification) -> Bool {
        a.label != b.label || difference(a.logits, b.logits, absolute: 1e-5) != nil
    }

    @Test func `64 tasks at once get the answers that each text gets alone`() async throws {
        let folder = try TemporaryDirectory()
        let classify = try await classifier(folder)
        let texts = (0..<Self.requestCount).map(Self.text)
        var alone: [String: TextClassification] = [:]
        for text in Set(texts) { alone[text] = try await classify(text) }
        let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<Self.taskCount {
                group.addTask { [alone] in
                    var wrong = 0
                    for number in stride(from: task, to: texts.count, by: Self.taskCount) {
                        let answer = try await classify(texts[number])
                        if alone[texts[number]].map({ differ(answer, $0) }) ?? true { wrong += 1 }
                    }
                    return wrong
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(wrong == 0)
        #expect(classify.engine.waitingCount == 0)
    }

    @Test func `a large request is answered in order, and others don't wait for all of it`() async throws {
        let folder = try TemporaryDirectory()
        // The model is held up after its first batch until the other request has come.
        let gate = DispatchSemaphore(value: 0)
        let isFirst = Mutex(true)
        let options = InferenceOptions(
            tokenBudget: 32,
            onBatch: { _ in
                if isFirst.withLock({ first in
                    defer { first = false }; return first
                }) {
                    gate.wait()
                }
            })
        try PipelineGroup.first("text-classification").write(to: folder.path)
        let classify = try await pipeline(.textClassification, model: folder.path, options: options)
        let texts = (0..<300).map(Self.text)
        let order = Names()
        async let many = {
            let answers = try await classify(texts)
            order.add("many")
            return answers
        }()
        while classify.engine.waitingCount == 0 { await Task.yield() }
        async let single = {
            let answer = try await classify(texts[5])
            order.add("one")
            return answer
        }()
        while classify.engine.waitingCount < 2 { await Task.yield() }
        gate.signal()
        let one = try await single
        let answers = try await many
        #expect(order.all == ["one", "many"])
        #expect(!differ(one, answers[5]))
        for number in [0, 17, 150, 299] { #expect(!differ(try await classify(texts[number]), answers[number])) }
    }

    @Test func `a request that fails leaves the others alone`() async throws {
        let folder = try TemporaryDirectory()
        let engine = try await classifier(folder).engine
        let good = EncodedSequence(TokenizedExample(inputIDs: [2, 7, 9, 3]))
        let bad = EncodedSequence(TokenizedExample(inputIDs: [2, 7, 99_999, 3]))
        let empty = EncodedSequence(TokenizedExample(inputIDs: []))
        let expected = try await engine.outputs(for: [good])[0].values
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    switch number % 3 {
                    case 0:
                        let output = try? await engine.outputs(for: [good])
                        #expect(difference(output?[0].values ?? [], expected, absolute: 1e-5) == nil)
                    case 1: await #expect(throws: (any Error).self) { try await engine.outputs(for: [good, bad]) }
                    default: await #expect(throws: InferenceError.self) { try await engine.outputs(for: [empty]) }
                    }
                }
            }
        }
        #expect(try await engine.outputs(for: []).isEmpty)
    }

    @Test func `sequences with and without segments can share a batch`() async throws {
        let folder = try TemporaryDirectory()
        let engine = try await classifier(folder).engine
        let with = EncodedSequence(TokenizedExample(inputIDs: [2, 7, 9, 3], tokenTypeIDs: [0, 0, 1, 1]))
        let without = EncodedSequence(TokenizedExample(inputIDs: [2, 8, 3]))
        let alone = [
            try await engine.outputs(for: [with])[0].values, try await engine.outputs(for: [without])[0].values,
        ]
        let together = try await engine.outputs(for: [with, without]).map(\.values)
        for (a, b) in zip(alone, together) { #expect(difference(a, b, absolute: 1e-5) == nil) }
        let broken = EncodedSequence(TokenizedExample(inputIDs: [2, 8, 3], tokenTypeIDs: [0]))
        await #expect { try await engine.outputs(for: [broken]) } throws: { ($0 as? InferenceError)?.kind == .badInput }
    }

    @Test func `a cancelled task's request leaves the queue at once`() async throws {
        let folder = try TemporaryDirectory()
        let gate = DispatchSemaphore(value: 0)
        try PipelineGroup.first("text-classification").write(to: folder.path)
        let engine = try await InferenceEngine(folder: folder.path) { folder in
            GatedModel(try AutoModelForSequenceClassification.fromPretrained(folder: folder), gate)
        }
        let sequence = EncodedSequence(TokenizedExample(inputIDs: [2, 7, 3]))
        // The model is held up by the first request; the others wait.
        let first = Task { try await engine.outputs(for: [sequence]) }
        while !GatedModel.hasBegun(gate) { await Task.yield() }
        let waiting = (0..<3).map { _ in Task { try await engine.outputs(for: [sequence]) } }
        while engine.waitingCount < 3 { await Task.yield() }
        waiting[1].cancel()
        await #expect(throws: CancellationError.self) { try await waiting[1].value }
        #expect(engine.waitingCount == 2)
        // One that the model has begun with ends at once too.
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        for _ in 0..<3 { gate.signal() }
        #expect(try await waiting[0].value.count == 1)
        #expect(try await waiting[2].value.count == 1)
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await engine.outputs(for: [sequence])
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(engine.waitingCount == 0)
    }

    @Test func `the model goes with the last reference to its engine`() async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("text-classification").write(to: folder.path)
        let ended = DispatchSemaphore(value: 0)
        func use() async throws {
            let engine = try await InferenceEngine(folder: folder.path) { folder in
                WatchedModel(try AutoModelForSequenceClassification.fromPretrained(folder: folder)) { ended.signal() }
            }
            let answer = Task {
                try await engine.outputs(for: [EncodedSequence(TokenizedExample(inputIDs: [2, 7, 3]))])
            }
            #expect(try await answer.value.count == 1)
        }
        try await use()
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: ended.wait(timeout: .now() + 180)) }
        }
        #expect(result == .success)
    }

    @Test func `scopes of other tasks stay their own`() async throws {
        let folder = try TemporaryDirectory()
        let classify = try await classifier(folder)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<48 {
                group.addTask {
                    _ = try await classify(Self.text(number))
                    // None of them can hold an await, so that a task's thread has no one else's.
                    switch number % 3 {
                    case 0:
                        guard noGrad({ !isGradEnabled }), isGradEnabled else { return false }
                    case 1:
                        guard autocast(.bfloat16, { currentAutocastDType() == .bfloat16 }),
                            currentAutocastDType() == nil
                        else { return false }
                    default:
                        let error = #expect(throws: TensorError.self) {
                            try withTensorErrors { Tensor.zeros([2, 3]).matmul(Tensor.zeros([2, 3])) }
                        }
                        guard error != nil else { return false }
                    }
                    _ = try await classify(Self.text(number + 1))
                    return isGradEnabled && currentAutocastDType() == nil
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    // MARK: Sequences of inputs

    @Test func `answers of a sequence come in its order`() async throws {
        let folder = try TemporaryDirectory()
        let classify = try await classifier(folder)
        let texts = (0..<100).map(Self.text)
        let expected = try await classify(texts)
        let inputs = AsyncStream<TextInput> { continuation in
            for text in texts { continuation.yield(TextInput(text)) }
            continuation.finish()
        }
        var count = 0
        for try await answer in classify(inputs) {
            #expect(!differ(answer, expected[count]))
            count += 1
        }
        #expect(count == texts.count)
    }

    @Test func `no more inputs are taken than may be ahead`() async throws {
        let folder = try TemporaryDirectory()
        let classify = try await classifier(folder)
        let taken = Mutex(0)
        let inputs = AsyncStream<TextInput>(unfolding: {
            let number = taken.withLock { taken in
                taken += 1
                return taken
            }
            return number > 50 ? nil : TextInput(Self.text(number))
        })
        var iterator = classify(inputs, ahead: 4).makeAsyncIterator()
        #expect(try await iterator.next() != nil)
        try await Task.sleep(for: .milliseconds(200))
        // Four ahead of the one that was asked for, and the one for which there is no place yet.
        #expect(taken.withLock { $0 } <= 6)
        var count = 1
        while try await iterator.next() != nil { count += 1 }
        #expect(count == 50)
        #expect(try await iterator.next() == nil)
    }

    @Test func `the first error ends the sequence`() async throws {
        let folder = try TemporaryDirectory()
        try PipelineGroup.first("fill-mask").write(to: folder.path)
        let fill = try await pipeline(.fillMask, model: folder.path)
        let inputs = AsyncStream<String> { continuation in
            for text in ["a [MASK]", "none", "b [MASK]"] { continuation.yield(text) }
        }
        var iterator = fill(inputs).makeAsyncIterator()
        #expect(try await iterator.next() != nil)
        await #expect(throws: InferenceError.self) { try await iterator.next() }
        #expect(try await iterator.next() == nil)
    }

    @Test(arguments: [false, true])
    func `a sequence that nobody reads any more is let go`(_ isFull: Bool) async throws {
        let folder = try TemporaryDirectory()
        let classify = try await classifier(folder)
        let ended = AsyncStream<Void>.makeStream()
        // One that never ends, and one for which there is no place.
        let inputs = AsyncStream<TextInput> { continuation in
            for number in 0..<(isFull ? 100 : 3) { continuation.yield(TextInput(Self.text(number))) }
            continuation.onTermination = { _ in ended.continuation.yield() }
        }
        func read() async throws {
            var iterator = classify(inputs, ahead: 2).makeAsyncIterator()
            // After the last of three, nothing but a further input is waited for.
            for _ in 0..<(isFull ? 1 : 3) { #expect(try await iterator.next() != nil) }
        }
        try await read()
        if isFull { withExtendedLifetime(inputs) {} }
        var iterator = ended.stream.makeAsyncIterator()
        if !isFull { #expect(await iterator.next() != nil) }
        while classify.engine.waitingCount > 0 { await Task.yield() }
    }

    @Test func `a cancelled reader gets CancellationError`() async throws {
        let folder = try TemporaryDirectory()
        let classify = try await classifier(folder)
        let inputs = AsyncStream<TextInput> { $0.yield("Greta left.") }
        let first = AsyncStream<Void>.makeStream()
        let reader = Task {
            for try await _ in classify(inputs) { first.continuation.yield() }
        }
        var iterator = first.stream.makeAsyncIterator()
        await iterator.next()
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
    }
}

private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Waits for a signal before each pass.
private final class GatedModel: PretrainedModel {
    private static let begun = Mutex<Set<ObjectIdentifier>>([])
    let base: SequenceClassifier
    private let gate: DispatchSemaphore

    init(_ base: SequenceClassifier, _ gate: DispatchSemaphore) {
        self.base = base
        self.gate = gate
    }

    static func hasBegun(_ gate: DispatchSemaphore) -> Bool { begun.withLock { $0.contains(ObjectIdentifier(gate)) } }

    var state: ModelState { base.state }
    var config: ModelConfig {
        get { base.config }
        set { base.config = newValue }
    }
    var encoder: any Encoder { base.encoder }
    var task: ModelTask { base.task }

    func callAsFunction(_ inputs: ModelInputs, outputHiddenStates: Bool) throws -> SequenceClassifierOutput {
        _ = Self.begun.withLock { $0.insert(ObjectIdentifier(gate)) }
        gate.wait()
        return try base(inputs, outputHiddenStates: outputHiddenStates)
    }
}

/// Says when it goes.
private final class WatchedModel: PretrainedModel {
    let base: SequenceClassifier
    private let ended: @Sendable () -> Void

    init(_ base: SequenceClassifier, _ ended: @escaping @Sendable () -> Void) {
        self.base = base
        self.ended = ended
    }

    deinit { ended() }

    var state: ModelState { base.state }
    var config: ModelConfig {
        get { base.config }
        set { base.config = newValue }
    }
    var encoder: any Encoder { base.encoder }
    var task: ModelTask { base.task }

    func callAsFunction(_ inputs: ModelInputs, outputHiddenStates: Bool) throws -> SequenceClassifierOutput {
        try base(inputs, outputHiddenStates: outputHiddenStates)
    }
}
