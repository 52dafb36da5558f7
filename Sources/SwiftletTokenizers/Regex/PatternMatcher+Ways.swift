/// The ways that are left, and the parts of a pattern that are searched for themselves.
extension PatternMatcher {
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
            defer { tables += memory.collect() }
            return run(instruction + 1, position, mustEndAt: nil, &memory)
        }
        var memory = innerMemories.removeValue(forKey: instruction) ?? PatternMemory(keepsMatches: true)
        memory.begin(steps)
        let end = run(instruction + 1, position, mustEndAt: nil, &memory)
        tables += memory.collect()
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
                let isFound = run(start, from, mustEndAt: end, &memory) != nil
                tables += memory.collect()
                if isFound { return true }
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
        while stack.count > bottom, memory.knownEnd < 0, !isExhausted {
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
