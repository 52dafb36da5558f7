internal import SwiftletIO

/// `seqeval`: precision, recall and F1 of entities in tagged sentences, for each type and over all, and the accuracy of
/// tags. Keeps counts for each type; sentences too, as counts, where resampling was announced, and as tags for the
/// strict mode without a scheme's name, which needs all tags to find it.
struct SequenceLabelState: MetricState {
    private struct Counts: Sendable {
        var types: [TextKey: SetCounts] = [:]
        var hits = 0
        var tags = 0

        mutating func add(_ other: Counts, times: Int = 1) {
            for (type, set) in other.types {
                for _ in 0..<times { types[type] = (types[type] ?? SetCounts()) + set }
            }
            hits += other.hits * times
            tags += other.tags * times
        }
    }

    private struct Mode: Hashable {
        var suffix: Bool
        var isStrict: Bool
        var scheme: MetricOption.Scheme?

        init(_ options: MetricOptions) {
            (suffix, isStrict, scheme) = (options.suffix, options.isStrict, options.scheme)
        }
    }

    let options: Set<String> = ["suffix", "mode", "zero_division"]
    private var mode: Mode?
    private var counts = Counts()
    private var sentences: [Counts]? = []
    private var unread: [(predictions: [String], references: [String])] = []
    private var reader = EntityReader()

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("seqeval")
        let predictions = try batch.predictions.stringRows("predictions")
        let references = try batch.references.stringRows("references")
        let mode = Mode(batch.options)
        if let old = self.mode, old != mode { throw .late("How tags are read", option: "mode") }
        for (prediction, reference) in zip(predictions, references) {
            guard prediction.count == reference.count else {
                throw MetricError(
                    "Found input variables with inconsistent numbers of samples:\n\(references.map(\.count))\n"
                        + "\(predictions.map(\.count))",
                    remedy: "Each sentence needs as many predicted tags as true ones.", kind: .countMismatch,
                    at: ErrorLocation(column: "predictions"))
            }
            if let tag = (prediction + reference).first(where: \.isEmpty) {
                throw .input(
                    "predictions", "A tag is an empty string: '\(tag)'", remedy: "Give every token a tag, such as O.")
            }
        }
        var reader = reader
        var added: [Counts] = []
        for (prediction, reference) in zip(predictions, references) {
            if mode.isStrict, mode.scheme == nil { break }
            added.append(try Self.read(prediction, reference, mode, &reader))
        }
        if mode.isStrict, mode.scheme == nil { unread += zip(predictions, references).map { ($0, $1) } }
        self.mode = mode
        self.reader = reader
        for sentence in added { counts.add(sentence) }
        if batch.options.bootstrap == nil { sentences = nil }
        sentences?.append(contentsOf: added)
    }

    private static func read(
        _ prediction: [String], _ reference: [String], _ mode: Mode, _ reader: inout EntityReader
    ) throws(MetricError) -> Counts {
        let predicted: Set<TagEntity>
        let actual: Set<TagEntity>
        if mode.isStrict, let name = mode.scheme {
            let scheme = TagScheme(name)
            actual = Set(try scheme.entities(reference, suffix: mode.suffix))
            predicted = Set(try scheme.entities(prediction, suffix: mode.suffix))
        } else {
            actual = Set(reader.entities(reference, suffix: mode.suffix))
            predicted = Set(reader.entities(prediction, suffix: mode.suffix))
        }
        var counts = Counts()
        for entity in actual { counts.types[entity.type, default: SetCounts()].actual += 1 }
        for entity in predicted {
            counts.types[entity.type, default: SetCounts()].predicted += 1
            if actual.contains(entity) { counts.types[entity.type, default: SetCounts()].both += 1 }
        }
        counts.tags = reference.count
        counts.hits = zip(prediction, reference).reduce(0) { $0 + ($1.0.isSame(as: $1.1) ? 1 : 0) }
        return counts
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if let mode, mode != Mode(options) { throw .late("How tags are read", option: "mode") }
        var counts = counts
        if !unread.isEmpty, let mode {
            var mode = mode
            mode.scheme = try TagScheme.detect(unread.map(\.references), suffix: mode.suffix)
            var reader = EntityReader()
            for sentence in unread {
                counts.add(try Self.read(sentence.predictions, sentence.references, mode, &reader))
            }
        }
        if counts.tags == 0 { throw MetricError.empty }
        var values = MetricValues()
        values.warnings = reader.warnings
        let types = counts.types.keys.sorted()
        let sets = types.map { counts.types[$0] ?? SetCounts() }
        let each = Self.scores(sets, options.zeroDivision, isMicro: false, &values.warnings)
        for (index, type) in types.enumerated() {
            var group: MetricValues = [
                "precision": each[index].precision, "recall": each[index].recall, "f1": each[index].f1,
            ]
            group.set("number", .integer(Int(sets[index].actual)))
            values.set(type.text, .group(group))
        }
        let overall = Self.scores(
            [sets.reduce(SetCounts(), +)], options.zeroDivision, isMicro: true, &values.warnings)[0]
        values["overall_precision"] = overall.precision
        values["overall_recall"] = overall.recall
        values["overall_f1"] = overall.f1
        values["overall_accuracy"] = Double(counts.hits) / Double(counts.tags)
        return values
    }

    private static func scores(
        _ sets: [SetCounts], _ zeroDivision: MetricOption.ZeroDivision, isMicro: Bool, _ warnings: inout [String]
    ) -> [(precision: Double, recall: Double, f1: Double)] {
        let undefined = zeroDivision == .one ? 1.0 : zeroDivision == .nan ? .nan : 0
        func divide(_ title: String, _ missing: String, _ denominator: (SetCounts) -> Double) -> [Double] {
            if zeroDivision == .warn, sets.contains(where: { denominator($0) == 0 }) {
                warnings.append(
                    "\(title) and F-score are ill-defined and being set to 0.0 "
                        + "\(sets.count == 1 ? "due to" : "in labels with") no \(missing) samples. "
                        + "Use `zero_division` parameter to control this behavior.")
            }
            return sets.map { denominator($0) == 0 ? undefined : $0.both / denominator($0) }
        }
        let precisions = divide("Precision", "predicted", \.predicted)
        let recalls = divide("Recall", "true", \.actual)
        return zip(precisions, recalls).map { precision, recall in
            let sum = precision + recall
            return (precision, recall, 2 * precision * recall / (sum == 0 ? 1 : sum))
        }
    }

    var groups: [Int]? { unread.isEmpty ? sentences.map { [Int](repeating: 1, count: $0.count) } : nil }

    var groupsError: MetricError {
        unread.isEmpty
            ? .late("A bootstrap", option: "strategy")
            : .option(
                "strategy", "Confidence intervals need the scheme's name", remedy: "Name it, as in .strict(.IOB2).",
                commandLine: "Name the \"scheme\" with --metric-args.")
    }

    func taking(_ counts: [Int]) -> SequenceLabelState {
        var state = self
        state.counts = Counts()
        for (sentence, count) in zip(sentences ?? [], counts) { state.counts.add(sentence, times: count) }
        return state
    }
}

/// Entities as conlleval finds them, which seqeval does by default.
struct EntityReader: Sendable {
    private(set) var warnings: [String] = []
    private var known: Set<TextKey> = []

    mutating func entities(_ tags: [String], suffix: Bool) -> [TagEntity] {
        var entities: [TagEntity] = []
        var previous: (letter: Unicode.Scalar, type: TextKey) = ("O", "_")
        var begin = 0
        for (index, text) in (tags + ["O"]).enumerated() {
            check(text, suffix: suffix)
            let letter = (suffix ? text.unicodeScalars.last : text.unicodeScalars.first) ?? "O"
            let type = Self.type(of: text, suffix: suffix)
            let isOther = previous.type != type
            if Self.ends(previous.letter, letter, isOther) {
                entities.append(TagEntity(type: previous.type, start: begin, end: index - 1))
            }
            if Self.starts(previous.letter, letter, isOther) { begin = index }
            previous = (letter, type)
        }
        return entities
    }

    private static func type(of text: String, suffix: Bool) -> TextKey {
        var type: Substring.UnicodeScalarView
        if suffix {
            type = text.unicodeScalars.dropLast()
            if let hyphen = type.lastIndex(of: "-") { type = type[..<hyphen] }
        } else {
            type = text.unicodeScalars.dropFirst()
            if let hyphen = type.firstIndex(of: "-") { type = type[type.index(after: hyphen)...] }
        }
        return type.isEmpty ? "_" : TextKey(Substring(type))
    }

    private static func ends(_ previous: Unicode.Scalar, _ letter: Unicode.Scalar, _ isOther: Bool) -> Bool {
        switch (previous, letter) {
        case ("E", _), ("S", _), ("B", "B"), ("B", "S"), ("B", "O"), ("I", "B"), ("I", "S"), ("I", "O"): true
        default: previous != "O" && previous != "." && isOther
        }
    }

    private static func starts(_ previous: Unicode.Scalar, _ letter: Unicode.Scalar, _ isOther: Bool) -> Bool {
        switch (previous, letter) {
        case (_, "B"), (_, "S"), ("E", "E"), ("E", "I"), ("S", "E"), ("S", "I"), ("O", "E"), ("O", "I"): true
        default: letter != "O" && letter != "." && isOther
        }
    }

    private mutating func check(_ text: String, suffix: Bool) {
        guard known.insert(TextKey(text)).inserted else { return }
        let scalars = Array(text.unicodeScalars)
        let (letter, hyphen) =
            suffix ? (scalars.last, scalars.dropLast().last) : (scalars.first, scalars.dropFirst().first)
        switch letter {
        case "B", "I", "E", "S": if scalars.count == 1 || hyphen == "-" { return }
        case "O": if scalars.count == 1 { return }
        default: break
        }
        warnings.append("\(text) seems not to be NE tag.")
    }
}
