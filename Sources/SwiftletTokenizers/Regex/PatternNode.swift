/// A regular expression as it was read.
indirect enum PatternNode: Sendable {
    case set(ScalarSet)
    case sequence([PatternNode])
    /// The first that leads to a match is taken.
    case alternation([PatternNode])
    /// - Parameter most: `nil` for any number.
    case `repeat`(PatternNode, least: Int, most: Int?, Greed)
    case assertion(PatternAssertion)
    case look(PatternNode, ahead: Bool, negated: Bool)
    /// What matched is not tried again otherwise.
    case atomic(PatternNode)

    enum Greed: Sendable {
        case greedy, lazy, possessive
    }

    static let empty = PatternNode.sequence([])

    /// How many scalars a match has; `most` is `nil` if there is no limit.
    var length: (least: Int, most: Int?) {
        func add(_ left: Int?, _ right: Int?) -> Int? {
            guard let left, let right else { return nil }
            let (sum, overflow) = left.addingReportingOverflow(right)
            return overflow ? nil : sum
        }
        switch self {
        case .set: return (1, 1)
        case .assertion, .look: return (0, 0)
        case .atomic(let node): return node.length
        case .sequence(let nodes):
            return nodes.map(\.length).reduce((0, 0)) { (add($0.0, $1.least) ?? Int.max, add($0.1, $1.most)) }
        case .alternation(let nodes):
            let lengths = nodes.map(\.length)
            let longest = lengths.contains { $0.most == nil } ? nil : lengths.compactMap(\.most).max()
            return (lengths.map(\.least).min() ?? 0, longest)
        case .repeat(let node, let least, let most, _):
            let (shortest, longest) = node.length
            let (product, overflow) = shortest.multipliedReportingOverflow(by: least)
            if longest == 0 { return (0, 0) }
            guard let most, let longest else { return (overflow ? Int.max : product, nil) }
            let (largest, isTooLarge) = longest.multipliedReportingOverflow(by: most)
            return (overflow ? Int.max : product, isTooLarge ? nil : largest)
        }
    }

    /// What a match can begin with; `nil` if it may be empty or looks at what is around it.
    var first: ScalarSet? {
        switch self {
        case .set(let set): return set
        case .assertion, .look: return nil
        case .atomic(let node): return node.first
        case .alternation(let nodes):
            var result = ScalarSet.empty
            for node in nodes {
                guard let first = node.first else { return nil }
                result = result.union(first)
            }
            return result
        case .repeat(let node, let least, _, _): return least > 0 ? node.first : nil
        case .sequence(let nodes):
            var result = ScalarSet.empty
            for node in nodes {
                if let first = node.first { return result.union(first) }
                // What may be left out adds what it begins with, if it looks at nothing.
                guard case .repeat(let inner, 0, _, _) = node, let first = inner.first else { return nil }
                result = result.union(first)
            }
            return nil
        }
    }
}

/// A place in a text.
enum PatternAssertion: UInt32 {
    case lineStart, lineEnd, textStart, textEnd, lastLineEnd, wordBoundary, noWordBoundary
}

/// A pattern that can't be read, or asks for what is not implemented.
struct PatternError: Error {
    var problem: String
    /// Whether the reference can read it.
    var isUnsupported = false
}
