/// File name patterns as Python's `fnmatch` reads them: `*` also matches `/`, `?` one character, `[a-z]` and `[!a-z]`
/// one of a set. A pattern that ends with `/` means everything in that folder.
package struct Patterns: Sendable {
    private let allow: [[Unicode.Scalar]]?
    private let ignore: [[Unicode.Scalar]]

    package init(allow: [String]?, ignore: [String]?) {
        self.allow = allow.map { $0.map(Self.prepared) }
        self.ignore = (ignore ?? []).map(Self.prepared)
    }

    package func accepts(_ name: String) -> Bool {
        let text = Array(name.unicodeScalars)
        if let allow, !allow.contains(where: { Self.matches(text, $0) }) { return false }
        return !ignore.contains { Self.matches(text, $0) }
    }

    private static func prepared(_ pattern: String) -> [Unicode.Scalar] {
        let scalars = pattern.unicodeScalars.map { $0 == "\\" ? "/" : $0 }
        return scalars.last == "/" ? scalars + ["*"] : scalars
    }

    /// One pass with a single point to come back to, the last `*`: enough, as a later star covers what an earlier could.
    private static func matches(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var (t, p) = (0, 0)
        var back: (t: Int, p: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                p += 1
                back = (t, p)
            } else if p < pattern.count, let next = step(pattern, p, text[t]) {
                t += 1
                p = next
            } else if let last = back {
                back = (last.t + 1, last.p)
                (t, p) = (last.t + 1, last.p)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }

    /// The place after the element at `start` if it matches a character.
    private static func step(_ pattern: [Unicode.Scalar], _ start: Int, _ character: Unicode.Scalar) -> Int? {
        switch pattern[start] {
        case "?": return start + 1
        case "[":
            // A bracket that comes first in a set is a member of it; without a closing one, `[` stands for itself.
            var first = start + 1
            let isNegated = first < pattern.count && pattern[first] == "!"
            if isNegated { first += 1 }
            guard let end = pattern.indices.first(where: { $0 > first && pattern[$0] == "]" }) else {
                return character == "[" ? start + 1 : nil
            }
            var isMember = false
            var i = first
            while i < end {
                if i + 2 < end, pattern[i + 1] == "-" {
                    if pattern[i] <= character, character <= pattern[i + 2] { isMember = true }
                    i += 3
                } else {
                    if pattern[i] == character { isMember = true }
                    i += 1
                }
            }
            return isMember != isNegated ? end + 1 : nil
        case character: return start + 1
        default: return nil
        }
    }
}
