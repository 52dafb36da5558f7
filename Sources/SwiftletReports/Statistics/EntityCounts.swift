import SwiftletIO

/// Entities that a sentence has, gets and rightly gets, by the rules of conlleval, which seqeval has by default: an
/// entity goes on while tags of one type follow each other without a `B-`, whatever the tag before it.
package struct EntityCounts {
    package var labelled = 0
    package var predicted = 0
    package var hits = 0

    package init() {}

    package init(_ tags: [(label: String, prediction: String)]) {
        let (truths, guesses) = (Self.entities(tags.map(\.label)), Self.entities(tags.map(\.prediction)))
        labelled = truths.count
        predicted = guesses.count
        hits = truths.intersection(guesses).count
    }

    package var precision: Double { predicted == 0 ? 0 : Double(hits) / Double(predicted) }
    package var recall: Double { labelled == 0 ? 0 : Double(hits) / Double(labelled) }
    package var f1: Double { labelled + predicted == 0 ? 0 : 2 * Double(hits) / Double(labelled + predicted) }

    package static func + (first: EntityCounts, second: EntityCounts) -> EntityCounts {
        var sum = first
        sum.labelled += second.labelled
        sum.predicted += second.predicted
        sum.hits += second.hits
        return sum
    }

    private struct Entity: Hashable {
        let type: TextKey
        let range: Range<Int>
    }

    private static func entities(_ tags: [String]) -> Set<Entity> {
        var found: Set<Entity> = []
        var open: (type: TextKey, start: Int)?
        var before = Substring("O")
        for (place, tag) in (tags + ["O"]).enumerated() {
            let parts = tag.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            let letter = parts.first ?? "O"
            let type = TextKey(parts.count > 1 ? String(parts[1]) : "_")
            let isOutside = letter == "O" || letter == "."
            let ends =
                isOutside || letter == "B" || letter == "S" || before == "E" || before == "S"
                || open?.type != type
            if let entity = open, ends {
                found.insert(Entity(type: entity.type, range: entity.start..<place))
                open = nil
            }
            if !isOutside, open == nil { open = (type, place) }
            before = letter
        }
        return found
    }
}
