/// Reads regular expressions in the syntax of Oniguruma for Ruby, which the Rust library uses.
///
/// `^` and `$` are about lines, `.` leaves out line feeds, and classes may be nested and intersected.
struct PatternParser {
    let pattern: [Unicode.Scalar]
    var position = 0
    var depth = 0

    struct Options {
        var ignoresCase = false
        var dotMatchesLineFeeds = false
    }

    static func parse(_ pattern: String) throws(PatternError) -> PatternNode {
        var parser = PatternParser(pattern: Array(pattern.unicodeScalars))
        let node = try parser.alternation(Options())
        if parser.position < parser.pattern.count { throw PatternError(problem: "has a ')' that closes nothing") }
        return node
    }

    private init(pattern: [Unicode.Scalar]) { self.pattern = pattern }

    var current: Unicode.Scalar? { position < pattern.count ? pattern[position] : nil }

    func isNext(_ text: String) -> Bool { pattern[position...].starts(with: text.unicodeScalars) }

    mutating func take(_ text: String) -> Bool {
        guard isNext(text) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    func unsupported(_ construct: String) -> PatternError {
        PatternError(problem: "uses \(construct), which is not implemented", isUnsupported: true)
    }

    private mutating func alternation(_ options: Options) throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw PatternError(problem: "has groups more than 64 deep") }
        var branches = [try sequence(options)]
        while take("|") { branches.append(try sequence(options)) }
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func sequence(_ options: Options) throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        /// Scalars side by side where case is ignored.
        var run: [UInt32] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            let start = position
            let node = try atom(options)
            let quantified = try quantifiers(node)
            if case .set(let set) = node, options.ignoresCase, let scalar = literal(from: start, set) {
                run.append(scalar)
                try refuseLongFolds(run)
            } else {
                run.removeAll()
            }
            nodes.append(quantified)
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    /// The scalar that a literal of the pattern stands for.
    private func literal(from start: Int, _ set: ScalarSet) -> UInt32? {
        pattern[start] == "[" || pattern[start] == "." ? nil : set.ranges.first?.lowerBound
    }

    /// Where case is ignored, the engine matches `ss` with `ß` and their like.
    private func refuseLongFolds(_ run: [UInt32]) throws(PatternError) {
        let cases = CaseTable.shared
        for (scalar, sequence) in cases.long where run.count >= sequence.count {
            if zip(run.suffix(sequence.count), sequence).allSatisfy({ cases.areSame($0, $1) }) {
                let text = String(String.UnicodeScalarView(sequence.compactMap(Unicode.Scalar.init)))
                let single = Unicode.Scalar(scalar).map { String(Character($0)) } ?? ""
                throw unsupported("'\(text)' with case ignored, which '\(single)' matches too")
            }
        }
    }

    // MARK: - Repeating

    private mutating func quantifiers(_ node: PatternNode) throws(PatternError) -> PatternNode {
        var node = node
        var count = 0
        while let (least, most, isInterval) = try quantifier() {
            count += 1
            guard count <= 64 else { throw PatternError(problem: "has more than 64 repeats of one another") }
            switch node {
            case .assertion, .look: throw unsupported("a repeated assertion")
            default: break
            }
            var greed = PatternNode.Greed.greedy
            if current == "?" {
                if isInterval, least == most { throw unsupported("'?' after '{\(least)}'") }
                position += 1
                greed = .lazy
            } else if !isInterval, take("+") {
                greed = .possessive
            }
            if most == nil, node.length.least == 0 { throw unsupported("an endless repeat of what may be empty") }
            node = .repeat(node, least: least, most: most, greed)
        }
        return node
    }

    private mutating func quantifier() throws(PatternError) -> (least: Int, most: Int?, isInterval: Bool)? {
        switch current {
        case "*":
            position += 1
            return (0, nil, false)
        case "+":
            position += 1
            return (1, nil, false)
        case "?":
            position += 1
            return (0, 1, false)
        case "{":
            let start = position
            position += 1
            let least = try number()
            var most = least
            if take(",") { most = try number() } else if least == nil { most = nil }
            let hasComma = pattern[start..<position].contains(",")
            guard take("}"), least != nil || (hasComma && most != nil) else {
                // Not a repeat but a brace.
                position = start
                return nil
            }
            if let most, most < least ?? 0 { throw PatternError(problem: "has a repeat of \(least ?? 0) to \(most)") }
            return (least ?? 0, most, true)
        default: return nil
        }
    }

    private mutating func number() throws(PatternError) -> Int? {
        var value: Int?
        while let digit = current?.properties.numericType == .decimal ? current.flatMap({ Int(String($0)) }) : nil {
            value = (value ?? 0) * 10 + digit
            if value ?? 0 > 10000 { throw PatternError(problem: "has a repeat of more than 10000") }
            position += 1
        }
        return value
    }

    // MARK: - What is repeated

    private mutating func atom(_ options: Options) throws(PatternError) -> PatternNode {
        guard let scalar = current else { return .empty }
        switch scalar {
        case "(": return try group(options)
        case "[":
            position += 1
            return .set(try characterClass(options))
        case ".":
            position += 1
            return .set(options.dotMatchesLineFeeds ? .all : ScalarSet(0xA).inverted)
        case "^":
            position += 1
            return .assertion(.lineStart)
        case "$":
            position += 1
            return .assertion(.lineEnd)
        case "\\":
            position += 1
            if let assertion = try assertion() { return .assertion(assertion) }
            switch try escape(inClass: false) {
            case .set(let set): return .set(set)
            case .scalar(let scalar): return .set(cased(scalar, options))
            }
        case "*", "+", "?": throw PatternError(problem: "has a '\(scalar)' that repeats nothing")
        default:
            position += 1
            return .set(cased(scalar.value, options))
        }
    }

    private func cased(_ scalar: UInt32, _ options: Options) -> ScalarSet {
        let set = ScalarSet(scalar)
        return options.ignoresCase ? set.ignoringCase : set
    }

    private mutating func group(_ options: Options) throws(PatternError) -> PatternNode {
        position += 1
        var wrap: (PatternNode) -> PatternNode = { $0 }
        var options = options
        if take("?") {
            if take(":") {
            } else if take("=") {
                wrap = { .look($0, ahead: true, negated: false) }
            } else if take("!") {
                wrap = { .look($0, ahead: true, negated: true) }
            } else if take("<=") {
                wrap = { .look($0, ahead: false, negated: false) }
            } else if take("<!") {
                wrap = { .look($0, ahead: false, negated: true) }
            } else if take(">") {
                wrap = { .atomic($0) }
            } else if take("#") {
                while let scalar = current, scalar != ")" { position += scalar == "\\" ? 2 : 1 }
                guard take(")") else { throw PatternError(problem: "has a comment without an end") }
                return .empty
            } else if take("<") {
                guard let end = pattern[position...].firstIndex(of: ">"), end > position else {
                    throw PatternError(problem: "has a group whose name does not end")
                }
                position = end + 1
            } else {
                options = try changed(options)
                // Without a group of its own a change lasts to the end of this one, alternatives included.
                if take(")") { return try alternation(options) }
                guard take(":") else { throw PatternError(problem: "has a group of an unknown kind") }
            }
        }
        let node = try alternation(options)
        guard take(")") else { throw PatternError(problem: "has a '(' without a ')'") }
        let result = wrap(node)
        if case .look(_, ahead: false, _) = result {
            guard let most = node.length.most, most <= 255 else {
                throw unsupported("a look behind at what has no greatest length")
            }
        }
        return result
    }

    private mutating func changed(_ options: Options) throws(PatternError) -> Options {
        var options = options
        var value = true
        while let scalar = current, scalar != ":", scalar != ")" {
            switch scalar {
            case "-": value = false
            case "i": options.ignoresCase = value
            case "m": options.dotMatchesLineFeeds = value
            default: throw unsupported("'(?\(scalar)'")
            }
            position += 1
        }
        return options
    }
}
