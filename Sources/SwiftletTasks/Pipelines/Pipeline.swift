import SwiftletTokenizers

/// Texts in, answers out: a fine-tuned model with everything around it. Made by `pipeline(...)`.
///
///     let classify = try await pipeline(.textClassification, model: "out/mrpc")
///     let answer = try await classify("He left.", "He went away.")
///     print(answer.label, answer.score)
///
/// A pipeline is `Sendable` and may be called from any number of tasks at once: requests that wait are joined into
/// batches, and what one is answered does not depend on the others. Results come in the order of the inputs. A call
/// ends with `CancellationError` when its task is cancelled.
///
/// A text with more tokens than the model takes is cut at the end, unless `longInputs` is `.refused` or the pipeline
/// works on long texts in parts (question answering; token classification with a stride). Of a pair the longer text is
/// cut.
public protocol Pipeline: Sendable {
    /// What one call takes, such as a text or a pair of texts.
    associatedtype Input: Sendable
    /// What it answers.
    associatedtype Output: Sendable
    /// How it answers.
    associatedtype Options: Sendable

    /// The options of calls that give none.
    var options: Options { get set }
    /// The model and its tokenizer.
    var engine: InferenceEngine { get }

    /// Answers several inputs.
    ///
    /// - Returns: one answer for each input, in their order.
    /// - Throws: `InferenceError` for inputs that the task can't work on, `CancellationError`.
    func answer(_ inputs: [Input], options: Options) async throws -> [Output]
}

extension Pipeline {
    /// Answers several inputs; see `answer(_:options:)`.
    public func callAsFunction(_ inputs: [Input], options: Options? = nil) async throws -> [Output] {
        try await answer(inputs, options: options ?? self.options)
    }

    /// Answers one input.
    ///
    /// - Throws: `InferenceError` for an input that the task can't work on, `CancellationError`.
    public func callAsFunction(_ input: Input, options: Options? = nil) async throws -> Output {
        try await only(answer([input], options: options ?? self.options))
    }

    private func only(_ outputs: [Output]) throws -> Output {
        guard let output = outputs.first else {
            throw InferenceError(.badInput, "\(Self.self) gave no answer", remedy: "It must answer each input.")
        }
        return output
    }

    /// Answers inputs as they come: the results are a sequence too, in the order of the inputs. At most `ahead` inputs
    /// are taken before their answers are asked for.
    public func callAsFunction<Inputs: AsyncSequence & Sendable>(
        _ inputs: Inputs, options: Options? = nil, ahead: Int = 64
    ) -> PipelineResults<Output> where Inputs.Element == Input {
        let options = options ?? self.options
        return PipelineResults(inputs, ahead: ahead) { [self] in try await self($0, options: options) }
    }
}

/// A text, or a pair of texts that is read as one sequence.
public struct TextInput: Sendable, Hashable, ExpressibleByStringLiteral {
    public var text: String
    /// The second text of a pair.
    public var textPair: String?

    public init(_ text: String, _ textPair: String? = nil) {
        self.text = text
        self.textPair = textPair
    }

    public init(stringLiteral value: String) { self.init(value) }
}

extension Pipeline where Input == TextInput {
    /// Answers one text, or one pair of texts.
    public func callAsFunction(
        _ text: String, _ textPair: String? = nil, options: Options? = nil
    ) async throws -> Output {
        try await self(TextInput(text, textPair), options: options)
    }

    /// Answers several texts, in their order.
    public func callAsFunction(_ texts: [String], options: Options? = nil) async throws -> [Output] {
        try await answer(texts.map { TextInput($0) }, options: options ?? self.options)
    }
}

/// What becomes of a text with more tokens than the model takes.
public enum LongInputs: String, Sendable, CaseIterable {
    /// It is cut at the end; of a pair the longer text is.
    case truncated
    /// It is cut at the beginning; of a pair the longer text is.
    case truncatedAtStart = "truncated-at-start"
    /// The call throws `InferenceError` of kind `inputTooLong`.
    case refused

    /// Whether texts are cut.
    public var cuts: Bool { self != .refused }
    /// Where; `nil` leaves it to the tokenizer's own files.
    var side: Tokenizer.Side? { self == .truncatedAtStart ? .left : nil }
}

extension InferenceEngine {
    /// The tokens of texts and pairs, one sequence each.
    ///
    /// - Parameter truncation: which text of a pair is cut, where long inputs are.
    /// - Throws: `InferenceError` of kind `inputTooLong`, or what encoding throws.
    func encode(
        _ inputs: [TextInput], longInputs: LongInputs, truncation: Tokenizer.Truncation = .longestFirst
    ) throws -> [EncodedSequence] {
        try encodings(inputs, longInputs: longInputs, truncation: truncation)
            .map { EncodedSequence($0, keys: tokenizer.modelInputNames) }
    }

    /// The same, with offsets and all else that an encoding knows.
    func encodings(
        _ inputs: [TextInput], longInputs: LongInputs, truncation: Tokenizer.Truncation = .longestFirst
    ) throws -> [Encoding] {
        let limit: Int? = longInputs.cuts && maxLength < .max ? maxLength : nil
        let truncation: Tokenizer.Truncation = limit == nil ? .none : truncation
        var rows = [Encoding?](repeating: nil, count: inputs.count)
        // Texts alone and pairs can't be one batch of the tokenizer.
        for isPair in [false, true] {
            let places = inputs.indices.filter { (inputs[$0].textPair != nil) == isPair }
            if places.isEmpty { continue }
            let seconds = places.compactMap { inputs[$0].textPair }
            let batch = try tokenizer(
                places.map { inputs[$0].text }, seconds.isEmpty ? nil : seconds, truncation: truncation,
                maxLength: limit, truncationSide: longInputs.side)
            for (place, row) in zip(places, batch.rows) { rows[place] = row }
        }
        let all = rows.compactMap(\.self)
        try refuse(all, longerThan: maxLength)
        return all
    }

    /// - Throws: `InferenceError` of kind `inputTooLong`, with the number of the text.
    func refuse(_ rows: [Encoding], longerThan limit: Int) throws {
        guard let row = rows.firstIndex(where: { $0.count > limit }) else { return }
        throw InferenceError(
            .inputTooLong, "text \(row) has \(rows[row].count) tokens; the model takes \(limit)",
            remedy: "Shorten it, or set longInputs to .truncated.")
    }
}
