/// Looks for a pattern in a text by trying one way after another, with a stack of its own.
///
/// Once that takes long, the matcher remembers which ways have failed, and of loops over a set how far they reach. A search
/// for the first match then takes no more than some multiple of the pattern's length times the text's.
struct PatternMatcher {
    private typealias Instruction = PatternProgram.Instruction

    private let instructions: UnsafeBufferPointer<PatternProgram.Instruction>
    private let sets: UnsafeBufferPointer<ScalarBits>
    private let first: ScalarBits?
    private let bytes: UnsafePointer<UInt8>
    private let count: Int
    private var stack: [Choice] = []
    /// What assertions that look ahead remember of this text, by their instruction; only those that took long.
    private var lookMemories: [Int: Memory] = [:]

    /// A way that was not taken.
    private struct Choice {
        var instruction: Int
        var position: Int
        /// Of a greedy loop: how far back it may go; of a lazy one: how many scalars more it may take, as `-1 - n`. Of
        /// all others `plain`.
        var limit: Int
        static let plain = Int.max
    }

    /// The ways from here that have failed.
    private struct Memory {
        var steps = 0
        var failed: [UInt64] = []
        /// By instruction, for loops over a set without a limit; empty as long as `failed` is.
        var runs: [Run] = []
    }

    /// A part of the text that a loop takes as a whole. From wherever in it the loop begins, it ends at `end` or before.
    private struct Run {
        var start = 0
        var end = -1
        /// From here to `end` every place was tried as the end of the loop.
        var lowest = Int.max

        func contains(_ position: Int) -> Bool { start <= position && position <= end }
    }

    /// So many steps are taken before failures are remembered.
    private static let patience = 4096

    init(
        _ instructions: UnsafeBufferPointer<PatternProgram.Instruction>, _ sets: UnsafeBufferPointer<ScalarBits>,
        first: ScalarBits?, _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) {
        (self.instructions, self.sets, self.first) = (instructions, sets, first)
        (self.bytes, self.count) = (bytes, count)
    }

    /// The first match that begins at `start` or later.
    mutating func find(from start: Int) -> Range<Int>? {
        var memory = Memory()
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
    private func matches(_ set: Int32, _ position: Int) -> Int? {
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

    /// Whether a way from an instruction is tried for the second time; it failed the first time, then.
    @inline(__always)
    private func hasFailed(_ way: Int, _ position: Int, _ memory: inout Memory) -> Bool {
        memory.steps += 1
        if memory.steps < Self.patience { return false }
        return hasFailedSlowly(way, position, &memory)
    }

    private func hasFailedSlowly(_ way: Int, _ position: Int, _ memory: inout Memory) -> Bool {
        if memory.failed.isEmpty {
            // The table is made when as many steps as it has words are behind, so that making it does not count.
            let words = (instructions.count * 2 * (count + 1) + 63) / 64
            if memory.steps < words { return false }
            memory.failed = Array(repeating: 0, count: words)
            memory.runs = Array(repeating: Run(), count: instructions.count)
        }
        let bit = way * (count + 1) + position
        let mask: UInt64 = 1 << UInt64(bit & 63)
        if memory.failed[bit >> 6] & mask != 0 { return true }
        memory.failed[bit >> 6] |= mask
        return false
    }

    /// Where a match of the instructions from `start` on ends.
    private mutating func run(_ start: Int, _ from: Int, mustEndAt: Int?, _ memory: inout Memory) -> Int? {
        let bottom = stack.count
        defer { stack.removeSubrange(bottom...) }
        var instruction = start
        var position = from
        while true {
            var isAlive = true
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
                    if hasFailed(instruction * 2, position, &memory) {
                        isAlive = false
                        break step
                    }
                    if item.c == PatternProgram.noLimit, !memory.runs.isEmpty {
                        guard let ends = untriedEnds(instruction, position, &memory) else {
                            isAlive = false
                            break step
                        }
                        instruction += 1
                        position = ends.upperBound
                        if item.operation == .greedyLoop, position > ends.lowerBound {
                            stack.append(Choice(instruction: instruction, position: position, limit: ends.lowerBound))
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
                    memory.steps += Int(taken)
                    guard taken >= UInt32(item.b) else {
                        isAlive = false
                        break step
                    }
                    instruction += 1
                    if item.operation == .greedyLoop, position > shortest {
                        stack.append(Choice(instruction: instruction, position: position, limit: shortest))
                    }
                case .lazyLoop:
                    if hasFailed(instruction * 2, position, &memory) {
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
                    if more > 0 { stack.append(Choice(instruction: instruction, position: position, limit: -1 - more)) }
                    instruction += 1
                case .tryNext, .tryTarget:
                    if hasFailed(instruction * 2, position, &memory) {
                        isAlive = false
                        break step
                    }
                    let (now, later) =
                        item.operation == .tryNext ? (instruction + 1, Int(item.a)) : (Int(item.a), instruction + 1)
                    stack.append(Choice(instruction: later, position: position, limit: Choice.plain))
                    instruction = now
                case .jump: instruction = Int(item.a)
                case .assertion:
                    isAlive = holds(item.c, position)
                    instruction += 1
                case .lookAhead, .lookAheadNot:
                    isAlive = looksAhead(instruction, position) == (item.operation == .lookAhead)
                    instruction = Int(item.a)
                case .lookBehind, .lookBehindNot:
                    isAlive = looksBehind(item, instruction + 1, position) == (item.operation == .lookBehind)
                    instruction = Int(item.a)
                case .atomic:
                    var inner = Memory()
                    if let end = run(instruction + 1, position, mustEndAt: nil, &inner) {
                        position = end
                        instruction = Int(item.a)
                    } else {
                        isAlive = false
                    }
                case .accept:
                    if mustEndAt == nil || mustEndAt == position { return position }
                    isAlive = false
                }
            }
            if isAlive { continue }
            guard resume(bottom, &instruction, &position, &memory) else { return nil }
        }
    }

    /// Where a loop without a limit may end that begins at a place, less what was tried; `nil` if nothing is left.
    /// Marks the longest as tried.
    private func untriedEnds(_ instruction: Int, _ position: Int, _ memory: inout Memory) -> ClosedRange<Int>? {
        let item = instructions[instruction]
        var shortest = position
        for _ in 0..<item.b {
            guard let next = matches(item.a, shortest) else { return nil }
            shortest = next
        }
        var run = memory.runs[instruction]
        if !run.contains(position) {
            var end = position
            while end != run.start || run.end < end, let next = matches(item.a, end) { end = next }
            if run.contains(end) { run.start = position } else { run = Run(start: position, end: end) }
        }
        var longest = run.end
        if run.lowest <= run.end {
            // A possessive loop has one end only.
            guard item.operation == .greedyLoop, run.lowest > shortest else { return nil }
            longest = run.lowest - UTF8Bytes.scalar(bytes, before: run.lowest).count
        }
        guard longest >= shortest else { return nil }
        run.lowest = longest
        memory.runs[instruction] = run
        return shortest...longest
    }

    /// Where a greedy loop may end that gives back scalars; `nil` if all such ends were tried.
    private func nextEnd(_ choice: Choice, _ memory: inout Memory) -> Int? {
        let shorter = choice.position - UTF8Bytes.scalar(bytes, before: choice.position).count
        let loop = choice.instruction - 1
        guard !memory.runs.isEmpty, instructions[loop].c == PatternProgram.noLimit, memory.runs[loop].contains(shorter)
        else { return shorter }
        let lowest = memory.runs[loop].lowest
        // What was tried before ends of runs were kept leaves a gap.
        guard lowest <= choice.position else { return shorter }
        guard lowest > choice.limit else { return nil }
        let next = lowest - UTF8Bytes.scalar(bytes, before: lowest).count
        memory.runs[loop].lowest = next
        return next
    }

    /// What fails from some place does so wherever the assertion stands, so that it is remembered as long as all fails.
    private mutating func looksAhead(_ instruction: Int, _ position: Int) -> Bool {
        var memory = lookMemories.isEmpty ? Memory() : lookMemories.removeValue(forKey: instruction) ?? Memory()
        if run(instruction + 1, position, mustEndAt: nil, &memory) != nil { return true }
        if !memory.failed.isEmpty { lookMemories[instruction] = memory }
        return false
    }

    private mutating func looksBehind(_ item: Instruction, _ start: Int, _ end: Int) -> Bool {
        var from = end
        for length in 0...Int(item.c) {
            if length >= Int(item.b) {
                var inner = Memory()
                if run(start, from, mustEndAt: end, &inner) != nil { return true }
            }
            guard from > 0 else { return false }
            from -= UTF8Bytes.scalar(bytes, before: from).count
        }
        return false
    }

    /// Takes the last way that was left out, if there is one above `bottom`.
    private mutating func resume(
        _ bottom: Int, _ instruction: inout Int, _ position: inout Int, _ memory: inout Memory
    ) -> Bool {
        while stack.count > bottom {
            let choice = stack[stack.count - 1]
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
                if shorter <= choice.limit { stack.removeLast() } else { stack[stack.count - 1].position = shorter }
                if hasFailed((choice.instruction - 1) * 2 + 1, shorter, &memory) { continue }
                (instruction, position) = (choice.instruction, shorter)
                return true
            }
            // A lazy loop takes one more.
            stack.removeLast()
            guard let longer = matches(instructions[choice.instruction].a, choice.position) else { continue }
            // Who tried this end without a limit has tried all longer ones, or is about to.
            let isEndless = instructions[choice.instruction].c == PatternProgram.noLimit
            if isEndless, hasFailed(choice.instruction * 2 + 1, longer, &memory) { continue }
            if choice.limit < -2 {
                stack.append(Choice(instruction: choice.instruction, position: longer, limit: choice.limit + 1))
            }
            if !isEndless, hasFailed(choice.instruction * 2 + 1, longer, &memory) { continue }
            (instruction, position) = (choice.instruction + 1, longer)
            return true
        }
        return false
    }
}
