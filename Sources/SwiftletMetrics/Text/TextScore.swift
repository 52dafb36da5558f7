internal import SwiftletIO

/// A metric of predicted texts beside true ones: what it takes from each row, and how the rows become scores.
protocol TextScore: Sendable {
    /// What is kept of a row: counts, mostly.
    associatedtype Segment: Sendable

    /// The options that a segment depends on, which must be known before the first batch.
    static var segmentOptions: Set<String> { get }
    /// The options that only the scores depend on.
    static var resultOptions: Set<String> { get }
    static var references: TextReferences { get }
    static var hasSources: Bool { get }

    /// - Throws: `MetricError` for an option's value that makes no sense.
    init(_ options: MetricOptions) throws(MetricError)

    /// - Parameters:
    ///   - references: at least one.
    ///   - source: the text that was rewritten; empty where the metric has none.
    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> Segment

    /// - Parameter segments: at least one.
    func values(_ segments: [Segment]) throws(MetricError) -> MetricValues

    /// The scores of rows that a bootstrap has drawn.
    func resampled(_ segments: [Segment]) throws(MetricError) -> MetricValues
}

/// What a row of the references may be.
enum TextReferences: Sendable {
    /// One text.
    case one
    /// One text, or a list of some.
    case several
    /// One text, or a list of some, for every row of as many.
    case equallyMany
}

extension TextScore {
    static var segmentOptions: Set<String> { [] }
    static var resultOptions: Set<String> { [] }
    static var references: TextReferences { .several }
    static var hasSources: Bool { false }

    func resampled(_ segments: [Segment]) throws(MetricError) -> MetricValues { try values(segments) }
}

/// The state of a `TextScore`: a segment for each row.
struct TextState<Score: TextScore>: MetricState {
    let name: String
    private var segments: [Score.Segment] = []
    private var score: Score?
    private var chosen: [String: MetricOption] = [:]
    private var referenceCount: Int?
    private var isResampled = false

    init(_ name: String) { self.name = name }

    var options: Set<String> { Score.segmentOptions.union(Score.resultOptions) }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights(name)
        let chosen = batch.options.chosen(Score.segmentOptions)
        if score != nil { try Self.check(chosen, self.chosen) }
        let score = try Score(batch.options)
        let predictions = try batch.predictions.strings("predictions")
        let references = try rows(batch.references)
        let sources = try sources(batch)
        let expected = try checkCounts(references)
        var added: [Score.Segment] = []
        added.reserveCapacity(predictions.count)
        for (row, prediction) in predictions.enumerated() {
            do {
                added.append(try score.segment(prediction, references[row], source: sources?[row] ?? ""))
            } catch {
                var located = error
                located.location.row = segments.count + row
                throw located
            }
        }
        segments += added
        referenceCount = expected
        self.chosen = chosen
        self.score = score
    }

    private static func check(_ new: [String: MetricOption], _ old: [String: MetricOption]) throws(MetricError) {
        for name in Set(new.keys).union(old.keys).sorted() where new[name] != old[name] {
            throw .late("The option '\(name)'", option: name)
        }
    }

    private func rows(_ column: MetricColumn) throws(MetricError) -> [[String]] {
        if Score.references == .one { return try column.strings("references").map { [$0] } }
        return try column.texts("references")
    }

    private func sources(_ batch: MetricBatch) throws(MetricError) -> [String]? {
        guard Score.hasSources else { return nil }
        guard let sources = try batch.sources?.strings("sources") else {
            throw MetricError(
                "\(name) compares with the sources too, and there are none",
                remedy: "Give them: compute(sources:predictions:references:).",
                commandLine: "Give another --metric: this one needs a third text for each row.", kind: .format,
                at: ErrorLocation(column: "sources"))
        }
        return sources
    }

    private func checkCounts(_ references: [[String]]) throws(MetricError) -> Int? {
        var expected = referenceCount
        for (row, texts) in references.enumerated() {
            let location = ErrorLocation(column: "references", row: segments.count + row)
            if texts.isEmpty {
                throw MetricError(
                    "Row \(segments.count + row) has no reference", remedy: "Give at least one true text for each row.",
                    kind: .format, at: location)
            }
            guard Score.references == .equallyMany else { continue }
            if let expected, expected != texts.count {
                throw MetricError(
                    "\(name) requires the same number of references for each prediction: row \(segments.count + row) "
                        + "has \(texts.count), the rows before have \(expected)",
                    remedy: "Leave out references, or give some twice.", kind: .countMismatch, at: location)
            }
            expected = texts.count
        }
        return expected
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if score != nil { try Self.check(options.chosen(Score.segmentOptions), chosen) }
        if segments.isEmpty { throw MetricError.empty }
        let score = try Score(options)
        return try isResampled ? score.resampled(segments) : score.values(segments)
    }

    var groups: [Int]? { [Int](repeating: 1, count: segments.count) }

    func taking(_ counts: [Int]) -> TextState {
        var state = self
        state.segments = segments.repeated(counts)
        state.isResampled = true
        return state
    }
}
