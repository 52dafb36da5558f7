internal import SwiftletIO

/// `coval`: how well chains of mentions agree, after MUC, B-cubed, CEAFe and LEA, with the mean of the first three as
/// CoNLL's score. A row is a sentence, given as lines of CoNLL's format, one for each word; all rows are one document.
struct CoreferenceState: MetricState {
    let options: Set<String> = ["keep_singletons", "remove_nested", "NP_only", "min_span"]
    private var predictions: [[CoreferenceMarks]] = []
    private var references: [[CoreferenceMarks]] = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("coval")
        let predictions = try Self.read(try batch.predictions.stringRows("predictions"), "predictions")
        let references = try Self.read(try batch.references.stringRows("references"), "references")
        self.predictions += predictions
        self.references += references
    }

    private static func read(_ rows: [[String]], _ column: String) throws(MetricError) -> [[CoreferenceMarks]] {
        var sentences: [[CoreferenceMarks]] = []
        for (row, lines) in rows.enumerated() {
            var words: [CoreferenceMarks] = []
            for (number, line) in lines.enumerated() {
                do throws(CoreferenceProblem) {
                    words.append(try CoreferenceMarks(line))
                } catch {
                    throw MetricError(
                        "Line \(number) of sentence \(row) \(error.text)",
                        remedy: "Give a line of CoNLL's format for each word, whose last column has its chains, "
                            + "such as (12, 12), (12) or -.", kind: .format,
                        at: ErrorLocation(column: column, row: row))
                }
            }
            sentences.append(words)
        }
        return sentences
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        let keepsSingletons = options.value { if case .keepSingletons(let value) = $0 { value } else { nil } } ?? true
        let (onlyNounPhrases, usesMinimumSpans) = (options.has(.npOnly), options.has(.minSpan))
        if usesMinimumSpans { try checkParses() }
        func chains(_ sentences: [[CoreferenceMarks]], _ column: String) throws(MetricError) -> CoreferenceChains {
            var chains = CoreferenceChains(sentences, keepsSingletons: keepsSingletons)
            if let number = chains.empty.first {
                throw MetricError(
                    "Chain \(number) ends and was never begun",
                    remedy: "Begin it with (\(number), or leave its end out.",
                    kind: .format, at: ErrorLocation(column: column))
            }
            if onlyNounPhrases || usesMinimumSpans {
                do throws(CoreferenceProblem) {
                    try chains.apply(
                        treesOf: references, own: sentences, onlyNounPhrases: onlyNounPhrases,
                        usesMinimumSpans: usesMinimumSpans)
                } catch {
                    throw MetricError(
                        "Line \(error.line) of sentence \(error.sentence) \(error.text)",
                        remedy: error.isOwn
                            ? "End it in its own sentence."
                            : "Give references with all columns of CoNLL's format: the sixth has the parse.",
                        kind: .format,
                        at: ErrorLocation(column: error.isOwn ? column : "references", row: error.sentence))
                }
            }
            if options.has(.removeNested) { chains.removeNested(keepsSingletons: keepsSingletons) }
            return chains
        }
        let comparison = CoreferenceComparison(
            key: try chains(references, "references"), response: try chains(predictions, "predictions"))
        var values = MetricValues()
        var total = 0.0
        for (name, share) in comparison.shares {
            values["\(name)/recall"] = share.recall
            values["\(name)/precision"] = share.precision
            values["\(name)/f1"] = share.f1
            if ["muc", "bcub", "ceafe"].contains(name) { total += share.f1 }
        }
        values["conll_score"] = total / 3 * 100
        return values
    }

    /// As in Python, the first line that could have a parse tells.
    private func checkParses() throws(MetricError) {
        guard let first = references.joined().first(where: \.isLong), first.parse?.isSame(as: "-") == false else {
            throw MetricError(
                "References should have gold parse annotation to use 'min_span'.",
                remedy: "Give them all columns of CoNLL's format, the sixth with the parse, or leave min_span out.",
                kind: .format, at: ErrorLocation(column: "references", option: "min_span"))
        }
    }

    var groups: [Int]? { nil }
    var groupsError: MetricError {
        MetricError(
            "Confidence intervals are not available for chains, which go through all sentences",
            remedy: "Leave out .bootstrap.", at: ErrorLocation(option: "strategy"))
    }

    func taking(_ counts: [Int]) -> CoreferenceState { self }
}

/// The chains that should be found beside those that were.
struct CoreferenceComparison {
    struct Share {
        let precision: Double
        let recall: Double

        init(precision: (part: Double, whole: Double), recall: (part: Double, whole: Double)) {
            self.precision = precision.whole == 0 ? 0 : precision.part / precision.whole
            self.recall = recall.whole == 0 ? 0 : recall.part / recall.whole
        }

        var f1: Double {
            precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
        }
    }

    private let key: [[CoreferenceMention]]
    private let response: [[CoreferenceMention]]
    private let keyPlaces: [CoreferenceMention: Int]
    private let responsePlaces: [CoreferenceMention: Int]

    init(key: CoreferenceChains, response: CoreferenceChains) {
        (self.key, self.response) = (key.chains, response.chains)
        (keyPlaces, responsePlaces) = (key.places, response.places)
    }

    var shares: [(name: String, share: Share)] {
        func share(
            _ score: ([[CoreferenceMention]], [[CoreferenceMention]], [CoreferenceMention: Int]) -> (Double, Double)
        ) -> Share {
            Share(precision: score(response, key, keyPlaces), recall: score(key, response, responsePlaces))
        }
        let similarity = Self.aligned(key, response)
        return [
            ("mentions", share(Self.mentions)), ("muc", share(Self.links)), ("bcub", share(Self.bCubed)),
            (
                "ceafe",
                Share(precision: (similarity, Double(response.count)), recall: (similarity, Double(key.count)))
            ),
            ("lea", share(Self.linkBased)),
        ]
    }

    private static func mentions(
        _ chains: [[CoreferenceMention]], _ others: [[CoreferenceMention]], _ places: [CoreferenceMention: Int]
    ) -> (Double, Double) {
        let all = Set(chains.joined())
        return (Double(all.count { places[$0] != nil }), Double(all.count))
    }

    /// MUC: of the links that hold chains together, those that the other side has.
    private static func links(
        _ chains: [[CoreferenceMention]], _ others: [[CoreferenceMention]], _ places: [CoreferenceMention: Int]
    ) -> (Double, Double) {
        var (found, all) = (0, 0)
        for chain in chains {
            let known = chain.compactMap { places[$0] }
            found += known.count - Set(known).count
            all += chain.count - 1
        }
        return (Double(found), Double(all))
    }

    /// B-cubed: for each mention the share of its chain that is together on the other side too.
    private static func bCubed(
        _ chains: [[CoreferenceMention]], _ others: [[CoreferenceMention]], _ places: [CoreferenceMention: Int]
    ) -> (Double, Double) {
        var (found, all) = (0.0, 0)
        for chain in chains {
            var counts: [Int: Int] = [:]
            for mention in chain { if let place = places[mention] { counts[place, default: 0] += 1 } }
            found += Double(counts.values.reduce(0) { $0 + $1 * $1 }) / Double(chain.count)
            all += chain.count
        }
        return (found, Double(all))
    }

    /// LEA: of the links of each chain those that the other side has, by the number of mentions.
    private static func linkBased(
        _ chains: [[CoreferenceMention]], _ others: [[CoreferenceMention]], _ places: [CoreferenceMention: Int]
    ) -> (Double, Double) {
        var (found, all) = (0.0, 0)
        for chain in chains {
            all += chain.count
            guard chain.count > 1 else {
                if let place = places[chain[0]], others[place].count == 1 { found += 1 }
                continue
            }
            var counts: [Int: Int] = [:]
            for mention in chain { if let place = places[mention] { counts[place, default: 0] += 1 } }
            let common = counts.values.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
            found += Double(chain.count * common) / (Double(chain.count * (chain.count - 1)) / 2)
        }
        return (found, Double(all))
    }

    /// CEAFe: how alike chains are that are matched one to one in the best way.
    private static func aligned(_ key: [[CoreferenceMention]], _ response: [[CoreferenceMention]]) -> Double {
        var holders: [CoreferenceMention: [Int]] = [:]
        for (place, chain) in response.enumerated() {
            for mention in Set(chain) { holders[mention, default: []].append(place) }
        }
        let scores = key.map { chain in
            var row = [Double](repeating: 0, count: response.count)
            for mention in chain { for place in holders[mention] ?? [] { row[place] += 1 } }
            return row.indices.map { 2 * row[$0] / Double(chain.count + response[$0].count) }
        }
        return Assignment.best(scores).reduce(0) { $0 + scores[$1.row][$1.column] }
    }
}
