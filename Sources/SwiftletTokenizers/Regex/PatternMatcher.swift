/// Looks for a pattern in a text by trying one way after another, with a stack of its own.
///
/// Once that takes long, the matcher remembers which ways have failed, and of loops over a set how far they reach; see
/// `PatternMemory`. Finding all matches of a text then takes no more than some multiple of the pattern's length times the
/// text's.
struct PatternMatcher {
    typealias Instruction = PatternProgram.Instruction

    let instructions: UnsafeBufferPointer<PatternProgram.Instruction>
    private let sets: UnsafeBufferPointer<ScalarBits>
    private let first: ScalarBits?
    let bytes: UnsafePointer<UInt8>
    private let count: Int
    var stack: [Choice] = []
    /// Of this text, for the search itself, and for parts that look ahead or match in one way only, by their instruction.
    private var memory = PatternMemory(keepsMatches: false)
    var innerMemories: [Int: PatternMemory] = [:]
    /// Instructions that were carried out, and scalars that loops took.
    var steps = 0

    /// A way that was not taken.
    struct Choice {
        var instruction: Int
        var position: Int
        /// Of a greedy loop: how far back it may go; of a lazy one: how many scalars more it may take, as `-1 - n`. Of
        /// all others `plain`.
        var limit: Int
        /// The length of the memory's trail.
        var trail: Int
        static let plain = Int.max
    }

    init(
        _ instructions: UnsafeBufferPointer<PatternProgram.Instruction>, _ sets: UnsafeBufferPointer<ScalarBits>,
        first: ScalarBits?, _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) {
        (self.instructions, self.sets, self.first) = (instructions, sets, first)
        (self.bytes, self.count) = (bytes, count)
    }

    /// The first match that begins at `start` or later. Matches are looked for in the order of the text, each after the
    /// end of the one before.
    mutating func find(from start: Int) -> Range<Int>? {
        // A memory of its own while it is changed.
        var memory = PatternMemory(keepsMatches: false)
        swap(&memory, &self.memory)
        memory.begin(steps)
        let match = find(from: start, &memory)
        let end = match?.upperBound ?? count
        if match != nil {
            memory.leave(end, next: end < count ? end + UTF8Bytes.scalar(bytes, at: end).count : end + 1)
        }
        memory.finish(steps, credit: (end - start + 1) * instructions.count * 2)
        swap(&memory, &self.memory)
        return match
    }

    private mutating func find(from start: Int, _ memory: inout PatternMemory) -> Range<Int>? {
        var position = start
        while true {
            if let first {
                // What no match begins with is passed over.
                while position < count {
                    let (scalar, length) = UTF8Bytes.scalar(bytes, at: position)
                    if scalar < 0x80 ? first.contains(ascii: UInt8(truncatingIfNeeded: scalar)) : first.contains(scalar)
                    {
                        break
                    }
                    position += length
                }
                if position >= count { return nil }
            }
            if let end = run(0, position, mustEndAt: nil, &memory) { return position..<end }
            guard position < count else { return nil }
            position += UTF8Bytes.scalar(bytes, at: position).count
        }
    }

    @inline(__always)
    func matches(_ set: Int32, _ position: Int) -> Int? {
        guard position < count else { return nil }
        let byte = bytes[position]
        if byte < 0x80 { return sets[Int(set)].contains(ascii: byte) ? position + 1 : nil }
        let (scalar, length) = UTF8Bytes.scalar(bytes, at: position)
        return sets[Int(set)].contains(scalar) ? position + length : nil
    }

    private func isAfter(_ position: Int, _ byte: UInt8) -> Bool { position > 0 && bytes[position - 1] == byte }

    private func isWord(before position: Int) -> Bool {
        position > 0 && isWord(UTF8Bytes.scalar(bytes, before: position).value)
    }

    private func isWord(at position: Int) -> Bool {
        position < count && isWord(UTF8Bytes.scalar(bytes, at: position).value)
    }

    private func isWord(_ scalar: UInt32) -> Bool {
        PropertyTable.shared[scalar].bits & PropertyTable.Entry.word != 0
    }

    private func holds(_ assertion: UInt32, _ position: Int) -> Bool {
        switch PatternAssertion(rawValue: assertion) {
        case .lineStart: position == 0 || (isAfter(position, 0xA) && position < count)
        case .lineEnd: position == count || bytes[position] == 0xA
        case .textStart: position == 0
        case .textEnd: position == count
        case .lastLineEnd: position == count || (position == count - 1 && bytes[position] == 0xA)
        case .wordBoundary: isWord(before: position) != isWord(at: position)
        case .noWordBoundary: isWord(before: position) == isWord(at: position)
        case nil: false
        }
    }

    /// Whether a way from an instruction is tried for the second time; the first time it failed, then, or led to
    /// `knownEnd`.
    @inline(__always)
    func wasTried(_ way: Int, _ position: Int, _ memory: inout PatternMemory) -> Bool {
        if steps < memory.limit, !memory.isActive { return false }
        return memory.wasTried(way, position, steps: steps, instructions: instructions.count, count: count)
    }

    /// Where a match of the instructions from `start` on ends.
    mutating func run(_ start: Int, _ from: Int, mustEndAt: Int?, _ memory: inout PatternMemory) -> Int? {
        let bottom = stack.count
        defer { stack.removeSubrange(bottom...) }
        var instruction = start
        var position = from
        while true {
            var isAlive = true
            steps &+= 1
            step: do {
                let item = instructions[instruction]
                switch item.operation {
                case .set:
                    guard let next = matches(item.a, position) else {
                        isAlive = false
                        break step
                    }
                    position = next
                    instruction += 1
                case .greedyLoop, .possessiveLoop:
                    if wasTried(instruction * 2, position, &memory) {
                        isAlive = false
                        break step
                    }
                    let trail = memory.trailLength
                    if item.c == PatternProgram.noLimit, memory.isActive {
                        guard let ends = untriedEnds(instruction, position, &memory) else {
                            isAlive = false
                            break step
                        }
                        instruction += 1
                        position = ends.upperBound
                        if item.operation == .greedyLoop, position > ends.lowerBound {
                            stack.append(
                                Choice(
                                    instruction: instruction, position: position, limit: ends.lowerBound, trail: trail))
                        }
                        break step
                    }
                    var taken: UInt32 = 0
                    var shortest = position
                    while taken < item.c, let next = matches(item.a, position) {
                        position = next
                        taken += 1
                        if taken == UInt32(item.b) { shortest = position }
                    }
                    steps &+= Int(taken)
                    guard taken >= UInt32(item.b) else {
                        isAlive = false
                        break step
                    }
                    instruction += 1
                    if item.operation == .greedyLoop, position > shortest {
                        stack.append(
                            Choice(instruction: instruction, position: position, limit: shortest, trail: trail))
                    }
                case .lazyLoop:
                    if wasTried(instruction * 2, position, &memory) {
                        isAlive = false
                        break step
                    }
                    var taken: UInt32 = 0
                    while taken < UInt32(item.b), let next = matches(item.a, position) {
                        position = next
                        taken += 1
                    }
                    guard taken == UInt32(item.b) else {
                        isAlive = false
                        break step
                    }
                    let more = item.c == PatternProgram.noLimit ? Int(Int32.max) : Int(item.c - taken)
                    if more > 0 {
                        stack.append(
                            Choice(
                                instruction: instruction, position: position, limit: -1 - more,
                                trail: memory.trailLength))
                    }
                    instruction += 1
                case .tryNext, .tryTarget:
                    if wasTried(instruction * 2, position, &memory) {
                        isAlive = false
                        break step
                    }
                    let (now, later) =
                        item.operation == .tryNext ? (instruction + 1, Int(item.a)) : (Int(item.a), instruction + 1)
                    stack.append(
                        Choice(
                            instruction: later, position: position, limit: Choice.plain, trail: memory.trailLength))
                    instruction = now
                case .jump: instruction = Int(item.a)
                case .assertion:
                    isAlive = holds(item.c, position)
                    instruction += 1
                case .lookAhead, .lookAheadNot:
                    isAlive = (inner(instruction, position) != nil) == (item.operation == .lookAhead)
                    instruction = Int(item.a)
                case .lookBehind, .lookBehindNot:
                    isAlive = looksBehind(item, instruction + 1, position) == (item.operation == .lookBehind)
                    instruction = Int(item.a)
                case .atomic:
                    if let end = inner(instruction, position) {
                        position = end
                        instruction = Int(item.a)
                    } else {
                        isAlive = false
                    }
                case .accept:
                    if mustEndAt == nil || mustEndAt == position {
                        memory.succeed(position)
                        return position
                    }
                    isAlive = false
                }
            }
            if isAlive { continue }
            if memory.knownEnd < 0, resume(bottom, &instruction, &position, &memory) { continue }
            guard memory.knownEnd >= 0 else { return nil }
            memory.succeed(memory.knownEnd)
            return memory.knownEnd
        }
    }

    /// Where a loop without a limit may end that begins at a place, less what was tried; `nil` if nothing is left, or if
    /// what was tried leads to a match. Marks the longest as tried.
    mutating func untriedEnds(
        _ instruction: Int, _ position: Int, _ memory: inout PatternMemory
    ) -> ClosedRange<Int>? {
        let item = instructions[instruction]
        var shortest = position
        for _ in 0..<item.b {
            guard let next = matches(item.a, shortest) else { return nil }
            shortest = next
        }
        let (runEnd, taken) = memory.runEnd(instruction, position) { matches(item.a, $0) }
        steps &+= taken + Int(item.b)
        var longest = runEnd
        if let lowest = memory.lowestTried(instruction, runEnd: runEnd) {
            if shortest <= lowest, let end = memory.matchEnd(instruction, lowest) {
                memory.knownEnd = end
                return nil
            }
            // A possessive loop has one end only.
            guard item.operation == .greedyLoop, lowest > shortest else { return nil }
            longest = lowest - UTF8Bytes.scalar(bytes, before: lowest).count
        }
        guard longest >= shortest else { return nil }
        memory.tryEnd(instruction, longest, runEnd: runEnd)
        return shortest...longest
    }

    /// Where a greedy loop may end that gives back scalars; `nil` if all such ends were tried, or if what was tried leads
    /// to a match.
    private func nextEnd(_ choice: Choice, _ memory: inout PatternMemory) -> Int? {
        let shorter = choice.position - UTF8Bytes.scalar(bytes, before: choice.position).count
        let loop = choice.instruction - 1
        guard instructions[loop].c == PatternProgram.noLimit, let runEnd = memory.knownRunEnd(loop, shorter),
            let lowest = memory.lowestTried(loop, runEnd: runEnd)
        else { return shorter }
        // What was tried before ends of runs were kept leaves a gap.
        guard lowest <= choice.position else { return shorter }
        if lowest < choice.position, lowest >= choice.limit, let end = memory.matchEnd(loop, lowest) {
            memory.knownEnd = end
            return nil
        }
        guard lowest > choice.limit else { return nil }
        let next = lowest - UTF8Bytes.scalar(bytes, before: lowest).count
        memory.tryEnd(loop, next, runEnd: runEnd)
        return next
    }

    /// Where a part ends that looks ahead or matches in one way only. That does not depend on what is around it, so that
    /// what was found out holds as long as the text does. Parts of a limited length need no memory.
    mutating func inner(_ instruction: Int, _ position: Int) -> Int? {
        guard instructions[instruction].c == PatternProgram.noLimit else {
            var memory = PatternMemory(keepsMatches: false)
            memory.begin(steps)
            return run(instruction + 1, position, mustEndAt: nil, &memory)
        }
        var memory = innerMemories.removeValue(forKey: instruction) ?? PatternMemory(keepsMatches: true)
        memory.begin(steps)
        let end = run(instruction + 1, position, mustEndAt: nil, &memory)
        memory.finish(steps, credit: instructions.count * 2)
        innerMemories[instruction] = memory
        return end
    }

    mutating func looksBehind(_ item: Instruction, _ start: Int, _ end: Int) -> Bool {
        var from = end
        for length in 0...Int(item.c) {
            if length >= Int(item.b) {
                var memory = PatternMemory(keepsMatches: false)
                memory.begin(steps)
                if run(start, from, mustEndAt: end, &memory) != nil { return true }
            }
            guard from > 0 else { return false }
            from -= UTF8Bytes.scalar(bytes, before: from).count
        }
        return false
    }

    /// Takes the last way that was left out, if there is one above `bottom`; not if a way is met that leads to a match.
    mutating func resume(
        _ bottom: Int, _ instruction: inout Int, _ position: inout Int, _ memory: inout PatternMemory
    ) -> Bool {
        while stack.count > bottom, memory.knownEnd < 0 {
            let choice = stack[stack.count - 1]
            memory.shorten(to: choice.trail)
            if choice.limit == Choice.plain {
                stack.removeLast()
                (instruction, position) = (choice.instruction, choice.position)
                return true
            }
            if choice.limit >= 0 {
                // A greedy loop gives back one scalar.
                guard let shorter = nextEnd(choice, &memory) else {
                    stack.removeLast()
                    continue
                }
                steps &+= 1
                if shorter <= choice.limit { stack.removeLast() } else { stack[stack.count - 1].position = shorter }
                if wasTried((choice.instruction - 1) * 2 + 1, shorter, &memory) { continue }
                (instruction, position) = (choice.instruction, shorter)
                return true
            }
            // A lazy loop takes one more.
            stack.removeLast()
            guard let longer = matches(instructions[choice.instruction].a, choice.position) else { continue }
            steps &+= 1
            // Who tried this end without a limit has tried all longer ones, or is about to.
            let isEndless = instructions[choice.instruction].c == PatternProgram.noLimit
            if isEndless, wasTried(choice.instruction * 2 + 1, longer, &memory) { continue }
            if choice.limit < -2 {
                stack.append(
                    Choice(
                        instruction: choice.instruction, position: longer, limit: choice.limit + 1,
                        trail: memory.trailLength))
            }
            if !isEndless, wasTried(choice.instruction * 2 + 1, longer, &memory) { continue }
            (instruction, position) = (choice.instruction + 1, longer)
            return true
        }
        return false
    }
}
