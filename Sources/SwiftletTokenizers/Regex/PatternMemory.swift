/// What `PatternMatcher` knows of the ways through a text, once looking for a match has taken long.
///
/// A way is an instruction at a place. Where it leads does not depend on how it was reached, so that none is gone twice:
/// one that failed fails again, also in the search for the next match.
struct PatternMemory {
    /// How many steps may yet be taken before ways are remembered.
    var allowance = Self.patience
    /// The number of the step with which that begins.
    var limit = 0
    /// The end of the match that a remembered way leads to, as soon as such a way is met; -1 before.
    var knownEnd = -1

    private var visited: [UInt64] = []
    private var places = 0
    /// By instruction, for loops over a set without a limit. At a place inside of a run, a part of the text that the
    /// loop takes as a whole, stands where the run ends; at that end stands `encoded(_:)` of the run's lowest tried end.
    private var runs: [[Int32]] = []

    /// What the tables have taken since `collect()`, in 4 bytes.
    private var taken = 0

    private let keepsMatches: Bool
    /// The visited ways that lead to a match, and where it ends.
    private var ends: [Int: Int] = [:]
    /// The ways that were gone up to here.
    private var trail: [Int] = []

    /// So many steps are taken before ways are remembered.
    static let patience = 4096
    private static let unknown: Int32 = -1
    private static let untried = Int32.min

    /// - Parameter keepsMatches: whether ways are remembered beyond a match that they led to; without it only those that
    ///   failed are, and `leave(_:)` has to be called after a match.
    init(keepsMatches: Bool) { self.keepsMatches = keepsMatches }

    /// Whether ways are remembered.
    var isActive: Bool { !visited.isEmpty }

    var trailLength: Int { trail.count }

    /// What the tables have taken since `collect()`, in 4 bytes.
    var size: Int { taken + trail.count * 4 }

    /// What the tables have taken since it was asked last.
    mutating func collect() -> Int {
        defer { taken = 0 }
        return taken
    }

    mutating func begin(_ steps: Int) {
        limit = steps + allowance
        knownEnd = -1
        if !trail.isEmpty { trail.removeAll(keepingCapacity: true) }
    }

    /// - Parameter credit: what the search may take at any rate, and does not count.
    mutating func finish(_ steps: Int, credit: Int) {
        allowance = min(Self.patience, limit - steps + credit)
    }

    /// Goes back to a choice.
    mutating func shorten(to length: Int) {
        if trail.count > length { trail.removeSubrange(length...) }
    }

    /// Whether a way was gone before. If it led to a match, `knownEnd` is its end; else it failed.
    ///
    /// - Parameter room: what new tables may take, in 4 bytes.
    /// - Returns: `nil` if there is no room for them.
    mutating func wasTried(
        _ way: Int, _ position: Int, steps: Int, instructions: Int, count: Int, room: Int
    ) -> Bool? {
        if visited.isEmpty {
            // The tables are made when as many steps as they have words are behind, so that making them does not count.
            let words = (instructions * 2 * (count + 1) + 63) / 64
            if steps - limit < words || count >= Int32.max { return false }
            if words * 2 > room { return nil }
            taken += words * 2
            visited = Array(repeating: 0, count: words)
            runs = Array(repeating: [], count: instructions)
            places = count + 1
        }
        let bit = way * places + position
        let mask: UInt64 = 1 << UInt64(bit & 63)
        if visited[bit >> 6] & mask != 0 {
            if keepsMatches, let end = ends[bit] { knownEnd = end }
            return true
        }
        visited[bit >> 6] |= mask
        if keepsMatches { trail.append(bit) }
        return false
    }

    /// Keeps where the ways led that were gone.
    mutating func succeed(_ end: Int) {
        guard !trail.isEmpty else { return }
        for bit in trail { ends[bit] = end }
        // An entry of a dictionary takes more than its two numbers, and its time.
        taken += trail.count * 16
        trail.removeAll(keepingCapacity: true)
    }

    /// After a match that ends at `end`, the ways from there may lead to another one. Those from later places failed.
    ///
    /// - Parameter next: the place of the next scalar.
    mutating func leave(_ end: Int, next: Int) {
        guard isActive else { return }
        for way in 0..<runs.count * 2 {
            let bit = way * places + end
            visited[bit >> 6] &= ~(1 << UInt64(bit & 63))
        }
        for loop in runs.indices where !runs[loop].isEmpty && runs[loop][end] != Self.unknown {
            let runEnd = runs[loop][end] >= 0 ? Int(runs[loop][end]) : end
            if let lowest = Self.decoded(runs[loop][runEnd]), lowest <= end {
                runs[loop][runEnd] = end == runEnd ? Self.untried : Self.encoded(next)
            }
        }
    }

    private static func encoded(_ lowest: Int) -> Int32 { -2 - Int32(lowest) }
    private static func decoded(_ value: Int32) -> Int? { value == untried ? nil : -2 - Int(value) }

    /// Where the run ends that a place is in.
    ///
    /// - Parameter next: the place after the scalar at a place, if the loop takes it.
    /// - Returns: the end, and how many scalars were looked at.
    mutating func runEnd(_ loop: Int, _ position: Int, next: (Int) -> Int?) -> (end: Int, steps: Int) {
        if runs[loop].isEmpty {
            runs[loop] = Array(repeating: Self.unknown, count: places)
            taken += places
        }
        return runs[loop].withUnsafeMutableBufferPointer { run in
            var end = position
            var steps = 0
            while run[end] == Self.unknown, let following = next(end) {
                end = following
                steps += 1
            }
            if run[end] >= 0 { end = Int(run[end]) } else if run[end] == Self.unknown { run[end] = Self.untried }
            var place = position
            while place < end, run[place] == Self.unknown {
                run[place] = Int32(end)
                guard let following = next(place) else { break }
                place = following
            }
            return (end, steps)
        }
    }

    /// Where the run ends that a place before its end is in, if that is known.
    func knownRunEnd(_ loop: Int, _ position: Int) -> Int? {
        guard isActive, !runs[loop].isEmpty, runs[loop][position] >= 0 else { return nil }
        return Int(runs[loop][position])
    }

    /// From here to the end of a run every place was tried as the end of the loop; `nil` if none was.
    func lowestTried(_ loop: Int, runEnd: Int) -> Int? { Self.decoded(runs[loop][runEnd]) }

    /// Marks an end of a loop as tried.
    mutating func tryEnd(_ loop: Int, _ end: Int, runEnd: Int) {
        runs[loop][runEnd] = Self.encoded(end)
        if keepsMatches { trail.append((loop * 2 + 1) * places + end) }
    }

    /// The end of the match to which an end of a loop led, if it was one.
    func matchEnd(_ loop: Int, _ end: Int) -> Int? { keepsMatches ? ends[(loop * 2 + 1) * places + end] : nil }
}
