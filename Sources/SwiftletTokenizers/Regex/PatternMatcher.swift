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
    /// What memories have taken, in 4 bytes.
    var tables = 0
    /// What steps and memories may come to.
    private let allowance: Int
    /// Whether they have come to more. What was found since is void.
    private(set) var isExhausted = false

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
        first: ScalarBits?, _ bytes: UnsafePointer<UInt8>, _ count: Int, allowance: Int
    ) {
        self.allowance = allowance
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
        tables += memory.collect()
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
            let end = run(0, position, mustEndAt: nil, &memory)
            if isExhausted || steps + tables > allowance {
                isExhausted = true
                return nil
            }
            if let end { return position..<end }
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
    mutating func wasTried(_ way: Int, _ position: Int, _ memory: inout PatternMemory) -> Bool {
        if steps < memory.limit, !memory.isActive { return false }
        return wasTriedBefore(way, position, &memory)
    }

    private mutating func wasTriedBefore(_ way: Int, _ position: Int, _ memory: inout PatternMemory) -> Bool {
        let room = allowance - steps - tables - memory.size - stack.count * 16
        if room >= 0,
            let result = memory.wasTried(
                way, position, steps: steps, instructions: instructions.count, count: count, room: room)
        {
            return result
        }
        isExhausted = true
        return true
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
                    tables += memory.collect()
                    isAlive = (inner(instruction, position) != nil) == (item.operation == .lookAhead)
                    instruction = Int(item.a)
                case .lookBehind, .lookBehindNot:
                    isAlive = looksBehind(item, instruction + 1, position) == (item.operation == .lookBehind)
                    instruction = Int(item.a)
                case .atomic:
                    tables += memory.collect()
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
            if isExhausted { return nil }
            if isAlive { continue }
            if memory.knownEnd < 0, resume(bottom, &instruction, &position, &memory) { continue }
            guard memory.knownEnd >= 0 else { return nil }
            memory.succeed(memory.knownEnd)
            return memory.knownEnd
        }
    }
}
