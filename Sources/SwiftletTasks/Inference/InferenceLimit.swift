import SwiftletTokenizers

/// How much one caller may ask of a model at a time, for a program that answers others.
///
/// What is counted is what the model works on, which may be far more than the inputs: for zero-shot classification each
/// label of each text, for multiple choice each of the choices, for question answering and for token classification in
/// parts each part of a long text, for filling in each mask.
///
///     let answer = try await InferenceLimit.of(32) { try await classify(text, candidateLabels: labels) }
public enum InferenceLimit {
    @TaskLocal static var current: Int?

    /// Runs the body with a limit on each of its calls, those of its child tasks included.
    ///
    /// - Parameter count: the most that one call may ask for.
    /// - Throws: what the body throws; a call beyond the limit, `InferenceError` of kind `tooMany`, before the model or
    ///   the tokenizer has worked on it where the number can be told before.
    public static func of<Result>(
        _ count: Int, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        try await $current.withValue(count) { try await body() }
    }

    /// - Parameter what: what is counted, such as `a text with each label`.
    /// - Throws: `InferenceError` of kind `tooMany`.
    static func check(_ count: Int, _ what: String) throws {
        guard let current, count > current else { return }
        throw InferenceError(
            .tooMany, "this is \(count) sequences for the model, as \(what) is one; the limit is \(current)",
            remedy: "Ask for fewer at a time.")
    }
}

extension InferenceEngine {
    /// How many parts a text makes that is read in parts, before they are made: each has up to `room` tokens of it, and
    /// shares `stride` of them with the next. Only told where there is a limit and the text may reach it.
    ///
    /// - Parameter before: how many parts the call has already.
    /// - Throws: `InferenceError` of kind `tooMany`; what tokenizing throws.
    func checkParts(of texts: [String], room: Int, stride: Int, before: Int, _ what: String) throws {
        guard InferenceLimit.current != nil, room > stride, stride >= 0 else { return }
        // A token has a byte at least; what a tokenizer adds to that doesn't matter for what fits into one part.
        guard texts.reduce(0, { $0 + $1.utf8.count }) > room else { return }
        let tokens = try tokenizer.encodeBatch(texts, addSpecialTokens: false).ids.count
        let parts = tokens > room ? 1 + (tokens - room + room - stride - 1) / (room - stride) : 1
        try InferenceLimit.check(before + parts, what)
    }
}
