import SwiftletDatasets
import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport
import Testing

import SwiftletReports

/// What reports find in data: wrong labels, rows that stand in two splits, slices.
@Suite struct DataCheckTests {
    @Test func `planted near duplicates are found and nothing else`() {
        let words = [
            "river", "stone", "market", "winter", "engine", "letter", "garden", "silver", "window", "thunder", "paper",
            "candle",
        ]
        func sentence(_ number: Int) -> String {
            (0..<9).map { words[(number * 7 + $0 * ($0 + number % 5 + 1)) % words.count] }.joined(separator: " ")
                + " \(number * 7919)"
        }
        let train = (0..<200).map(sentence)
        var validation = (200..<260).map(sentence)
        // Word for word but for letters' case and signs; and with one small change.
        validation[7] = train[31].uppercased() + "!"
        validation[40] = train[120] + " s"
        let found = NearDuplicates(of: validation, in: train)
        let exact = NearDuplicates(of: [train[31].uppercased() + "!"], in: train).pairs
        #expect(exact == [NearDuplicates.Pair(row: 0, other: 31, similarity: 1)])
        #expect(found.pairs.contains { $0.row == 7 && $0.other == 31 && $0.similarity == 1 })
        #expect(found.pairs.contains { $0.row == 40 && $0.other == 120 && $0.similarity < 1 })
        // None is missed or made up: the same by comparing all pairs.
        #expect(Set(found.pairs.map(\.row)) == Set(slowly(validation, train, 0.8)))
        #expect(NearDuplicates(of: ["", "..."], in: ["", "!"]).pairs.isEmpty)
        #expect(
            NearDuplicates(of: ["abc"], in: ["ABC", "abd"]).pairs == [
                NearDuplicates.Pair(row: 0, other: 0, similarity: 1)
            ])
    }

    private func slowly(_ others: [String], _ texts: [String], _ threshold: Double) -> [Int] {
        func letters(_ text: String) -> Set<String> {
            let plain = text.lowercased().map { $0.isLetter || $0.isNumber ? $0 : " " }
            let joined = Array(String(plain).split(separator: " ").joined(separator: " "))
            return Set((0...max(joined.count - 4, 0)).map { String(joined[$0..<min($0 + 4, joined.count)]) })
        }
        let sets = texts.map(letters)
        return others.indices.filter { row in
            let own = letters(others[row])
            return sets.contains { Double($0.intersection(own).count) >= threshold * Double($0.union(own).count) }
        }
    }

    @Test func `confident learning names the rows that others speak against`() {
        // Row 3 is labelled 0, and looks like 1; row 4 is unsure, which is no error.
        let labels = [0, 0, 0, 0, 0, 1, 1, 1]
        let scores = [0.9, 0.8, 0.85, 0.05, 0.55, 0.1, 0.2, 0.15].map { [$0, 1 - $0] }
        let issues = LabelIssues(labels: labels, probabilities: scores, classCount: 2)
        #expect(issues.issues.map(\.row) == [3])
        #expect(issues.issues[0].suggestion == 1)
        #expect(abs(issues.issues[0].margin - -0.9) < 1e-12)
        #expect(difference(issues.thresholds, [0.63, 0.85], absolute: 1e-12) == nil)
    }

    @Test func `training rows are judged by the mean of their visits`() throws {
        let dynamics = TrainingDynamics()
        func logits(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count / 2, 2]) }
        dynamics.observe(rows: [2, 0], logits: logits([0, 0, 3, 0]))
        dynamics.observe(rows: [1, 2], logits: logits([0, 3, 0, 2]))
        // Not one answer a row: passed over.
        dynamics.observe(rows: [0], logits: Tensor([Float](repeating: 0, count: 12), shape: [1, 3, 4]))
        let means = dynamics.means
        #expect(means.map(\.row) == [0, 1, 2])
        #expect(means.map(\.visits) == [1, 1, 2])
        let suspects = dynamics.suspects(labels: [1, 1, 1])
        #expect(suspects.map(\.row) == [0, 2, 1])
        let given = try Dataset.fromColumns([("text", .strings(["a", "b", "c"])), ("label", .ints([1, 1, 1]))])
        let table = try #require(try dynamics.table(labels: [1, 1, 1], names: ["no", "yes"], given: given, limit: 2))
        #expect(table.columnNames == ["rank", "row", "label", "suggestion", "score", "text", "input_label"])
        #expect(try table.ints("row") == [0, 2])
        #expect(try table.strings("suggestion") == ["no", "no"])
    }

    @Test func `a regression finds what its features say`() {
        var draws = RandomDraws(seed: 3)
        let rows = (0..<400).map { _ in [draws.unit() * 10, draws.unit()] }
        let model = LogisticRegression(features: rows, isPositive: rows.map { $0[0] > 5 })
        #expect(rows.allSatisfy { abs($0[0] - 5) < 0.5 || (model.logit($0) > 0) == ($0[0] > 5) })
        #expect(LogisticRegression(features: [[1], [2]], isPositive: [true, true]).logit([1]) > 3)
    }

    @Test func `flipped labels of pairs stand out, also by their words alone`() throws {
        var draws = RandomDraws(seed: 11)
        let words = (0..<300).map { "word\($0)" }
        func text() -> [String] { (0..<10).map { _ in words[draws.index(below: words.count)] } }
        var (first, second, labels) = ([String](), [String](), [Int]())
        for pair in 0..<400 {
            let one = text()
            let other = pair % 2 == 0 ? text() : Array(one.prefix(8)) + ["and", "more"]
            first.append(one.joined(separator: " "))
            second.append(other.joined(separator: " "))
            labels.append(pair % 2)
        }
        let flipped = Set((0..<20).map { $0 * 20 + 3 })
        for row in flipped { labels[row] = 1 - labels[row] }
        let opinion = try #require(PairOverlap(first, second).logProbabilities(labels: labels, classCount: 2))
        let order = labels.indices.sorted { opinion[$0][labels[$0]] < opinion[$1][labels[$1]] }
        #expect(Set(order.prefix(20)) == flipped)
        #expect(PairOverlap(["a"], ["b"]).logProbabilities(labels: [0], classCount: 2) == nil)
    }
}
