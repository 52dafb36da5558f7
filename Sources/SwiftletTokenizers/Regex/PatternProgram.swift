/// A regular expression as instructions for `PatternMatcher`.
struct PatternProgram: Sendable {
    enum Operation: UInt8, Sendable {
        /// One scalar of set `a`.
        case set
        /// `b` to `c` scalars of set `a`, as many as possible first, as few as possible first, or just as many as
        /// possible.
        case greedyLoop, lazyLoop, possessiveLoop
        /// The next instruction, and on failure the one at `a`; or the other way round.
        case tryNext, tryTarget
        case jump
        /// `c` is a `PatternAssertion`.
        case assertion
        /// What follows up to its `accept` matches, or does not, from here on; goes on at `a`. `c` is `noLimit` if a
        /// match may be long, else 0.
        case lookAhead, lookAheadNot
        /// What follows up to its `accept` matches, or does not, `b` to `c` scalars that end here; goes on at `a`.
        case lookBehind, lookBehindNot
        /// What follows up to its `accept` matches in one way only; goes on at `a`, and `c` is as above.
        case atomic
        case accept
    }

    struct Instruction: Sendable {
        var operation: Operation
        var a: Int32 = 0
        var b: Int32 = 0
        var c: UInt32 = 0
    }

    static let noLimit = UInt32.max
    /// Finding all matches of a text takes a multiple of the text's length times this. Patterns of known tokenizers come
    /// to 110 at most.
    static let largest = 2048

    /// The instructions, each counted as often as it may be carried out at one place of a text: loops with a limit go
    /// over the text anew from each place, and so does what looks ahead or behind.
    private(set) var size = 0
    /// Whether what looks around, or matches in one way only, is more than one scalar.
    private(set) var looksFar = false
    /// How often an instruction counts that is added.
    private var weight = 1
    /// How many nodes were added; a repeated one counts each time.
    private var additions = 0
    private(set) var instructions: [Instruction] = []
    private(set) var sets: [ScalarBits] = []
    /// What a match begins with; `nil` if it may begin with anything.
    let first: ScalarBits?
    private var known: [ScalarSet] = []

    init(_ node: PatternNode) throws(PatternError) {
        first = node.first.map { ScalarBits($0) }
        try append(node)
        _ = try emit(Instruction(operation: .accept))
    }

    /// - Parameter length: of a loop with a limit.
    private mutating func emit(_ instruction: Instruction, length: Int = 0) throws(PatternError) -> Int {
        size += weight * (1 + length)
        guard size <= Self.largest else { throw Self.isTooLarge }
        instructions.append(instruction)
        return instructions.count - 1
    }

    private static let isTooLarge = PatternError(
        problem: "comes to more than \(largest) steps at each place of a text", isUnsupported: true)

    private mutating func index(of set: ScalarSet) -> Int32 {
        if let index = known.firstIndex(of: set) { return Int32(index) }
        known.append(set)
        sets.append(ScalarBits(set))
        return Int32(known.count - 1)
    }

    /// Lets the jumps at `places` lead to what comes next.
    private mutating func land(_ places: Int...) {
        for place in places { instructions[place].a = Int32(instructions.count) }
    }

    private mutating func append(_ node: PatternNode) throws(PatternError) {
        // What comes to no instruction may be repeated, too.
        additions += 1
        guard additions <= Self.largest * 4 else { throw Self.isTooLarge }
        switch node {
        case .set(let set): _ = try emit(Instruction(operation: .set, a: index(of: set)))
        case .sequence(let nodes): for node in nodes { try append(node) }
        case .assertion(let assertion):
            _ = try emit(Instruction(operation: .assertion, c: assertion.rawValue))
        case .alternation(let nodes):
            var ends: [Int] = []
            for (index, node) in nodes.enumerated() {
                guard index + 1 < nodes.count else {
                    try append(node)
                    break
                }
                let choice = try emit(Instruction(operation: .tryNext))
                try append(node)
                ends.append(try emit(Instruction(operation: .jump)))
                land(choice)
            }
            for end in ends { land(end) }
        case .atomic(let node): try enclose(node, Instruction(operation: .atomic, c: Self.limit(node)))
        case .look(let node, let ahead, let negated):
            guard !ahead else {
                let operation: Operation = negated ? .lookAheadNot : .lookAhead
                return try enclose(node, Instruction(operation: operation, c: Self.limit(node)))
            }
            let length = node.length
            try enclose(
                node,
                Instruction(
                    operation: negated ? .lookBehindNot : .lookBehind, b: Int32(clamping: length.least),
                    c: UInt32(clamping: length.most ?? 0)),
                times: (length.most ?? 0) - length.least + 1)
        case .repeat(.set(let set), let least, let most, let greed):
            let operation: Operation =
                switch greed {
                case .greedy: .greedyLoop
                case .lazy: .lazyLoop
                case .possessive: .possessiveLoop
                }
            _ = try emit(
                Instruction(
                    operation: operation, a: index(of: set), b: Int32(clamping: least),
                    c: most.map { UInt32(clamping: $0) } ?? Self.noLimit),
                length: max(least, most ?? 0))
        case .repeat(let node, let least, let most, .possessive):
            let inner = PatternNode.repeat(node, least: least, most: most, .greedy)
            try enclose(inner, Instruction(operation: .atomic, c: Self.limit(inner)))
        case .repeat(let node, let least, let most, let greed):
            let choice: Operation = greed == .lazy ? .tryTarget : .tryNext
            for _ in 0..<least { try append(node) }
            guard let most else {
                let start = try emit(Instruction(operation: choice))
                try append(node)
                _ = try emit(Instruction(operation: .jump, a: Int32(start)))
                land(start)
                return
            }
            var choices: [Int] = []
            for _ in least..<max(least, most) {
                choices.append(try emit(Instruction(operation: choice)))
                try append(node)
            }
            for choice in choices { land(choice) }
        }
    }

    /// Parts that are never longer than this are not worth a memory.
    private static func limit(_ node: PatternNode) -> UInt32 {
        guard let most = node.length.most, most <= 32 else { return noLimit }
        return 0
    }

    /// - Parameter times: how often what is enclosed is tried at one place.
    private mutating func enclose(
        _ node: PatternNode, _ instruction: Instruction, times: Int = 1
    ) throws(PatternError) {
        let start = try emit(instruction)
        if case .set = node {} else { looksFar = true }
        // What such a part has led to is remembered for each place, which costs more than what has failed.
        let outside = weight
        weight = min(weight * 2 * max(times, 1), Self.largest)
        defer { weight = outside }
        try append(node)
        _ = try emit(Instruction(operation: .accept))
        land(start)
    }
}
