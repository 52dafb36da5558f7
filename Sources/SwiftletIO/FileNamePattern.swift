/// A file name pattern as Python's `fnmatch` reads it: `*` any characters, `?` one, `[a-z]` and `[!a-z]` one of a set.
/// Texts are compared by code points. `*` takes `/` too; `PathPattern` keeps the folders of a path apart.
package struct FileNamePattern: Sendable {
    private enum Element: Sendable {
        case star
        case anyScalar
        case scalar(Unicode.Scalar)
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)

        func takes(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .star: false
            case .anyScalar: true
            case .scalar(let own): own == scalar
            case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
            }
        }
    }

    private let elements: [Element]

    package init(_ pattern: some StringProtocol) {
        let scalars = Array(pattern.unicodeScalars)
        // Where sets may end; beyond the last one, `[` stands for itself, and nothing has to be searched again.
        let lastEnd = scalars.lastIndex(of: "]") ?? -1
        var elements: [Element] = []
        var next = 0
        while next < scalars.count {
            let scalar = scalars[next]
            next += 1
            switch scalar {
            case "*": elements.append(.star)
            case "?": elements.append(.anyScalar)
            case "[" where next < lastEnd:
                guard let (set, end) = Self.set(scalars, from: next) else { fallthrough }
                elements.append(set)
                next = end + 1
            default: elements.append(.scalar(scalar))
            }
        }
        self.elements = elements
    }

    /// The set that begins after a `[`, and where its `]` stands; `nil` if there is none.
    private static func set(_ scalars: [Unicode.Scalar], from start: Int) -> (set: Element, end: Int)? {
        let isNegated = scalars[start] == "!"
        let first = isNegated ? start + 1 : start
        // A bracket that comes first is a member.
        guard first < scalars.count, let end = scalars[(first + 1)...].firstIndex(of: "]") else { return nil }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        var next = first
        while next < end {
            if next + 2 < end, scalars[next + 1] == "-" {
                if scalars[next] <= scalars[next + 2] { ranges.append(scalars[next]...scalars[next + 2]) }
                next += 3
            } else {
                ranges.append(scalars[next]...scalars[next])
                next += 1
            }
        }
        return (.set(ranges, isNegated: isNegated), end)
    }

    /// Whether the pattern takes the whole name. One pass with a single point to come back to, the last `*`: enough, as a
    /// later star covers what an earlier one could.
    package func matches(_ name: some StringProtocol) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var (position, element) = (0, 0)
        var star: (position: Int, element: Int)?
        while position < scalars.count {
            if element < elements.count, case .star = elements[element] {
                element += 1
                star = (position, element)
            } else if element < elements.count, elements[element].takes(scalars[position]) {
                position += 1
                element += 1
            } else if let last = star {
                star = (last.position + 1, last.element)
                (position, element) = (last.position + 1, last.element)
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { if case .star = $0 { true } else { false } }
    }
}

/// A pattern of a relative path, such as `data/**/train-*.csv`: `*`, `?` and sets stay within a name, `**` goes over
/// folders.
package struct PathPattern: Sendable {
    /// `nil` for `**`.
    private let parts: [FileNamePattern?]

    /// - Parameter parts: those between the slashes.
    package init(_ parts: [some StringProtocol]) {
        self.parts = parts.map { $0.isSame(as: "**") ? nil : FileNamePattern($0) }
    }

    /// Takes time in proportion to the parts of the path times those of the pattern.
    package func matches(_ path: String) -> Bool {
        let names = path.split(separator: "/")
        // Whether the pattern so far matches so many names from the start.
        var reached = [Bool](repeating: false, count: names.count + 1)
        reached[0] = true
        for (index, part) in parts.enumerated() {
            var next = [Bool](repeating: false, count: names.count + 1)
            if let part {
                for count in names.indices where reached[count] { next[count + 1] = part.matches(names[count]) }
            } else {
                // At the end it takes at least one name, elsewhere any number of them.
                var isOpen = false
                for count in reached.indices {
                    next[count] = isOpen || reached[count] && index < parts.count - 1
                    isOpen = isOpen || reached[count]
                }
            }
            reached = next
        }
        return reached[names.count]
    }
}

/// Which files of a folder are meant: those that a pattern of `allow` takes, or all, without those of `ignore`. A pattern
/// that ends with `/` means everything in that folder, and `\` stands for `/`, as in `huggingface_hub`.
package struct FileNameFilter: Sendable {
    private let allow: [FileNamePattern]?
    private let ignore: [FileNamePattern]

    package init(allow: [String]?, ignore: [String]?) {
        self.allow = allow?.map(Self.pattern)
        self.ignore = (ignore ?? []).map(Self.pattern)
    }

    package func accepts(_ name: String) -> Bool {
        if let allow, !allow.contains(where: { $0.matches(name) }) { return false }
        return !ignore.contains { $0.matches(name) }
    }

    private static func pattern(_ text: String) -> FileNamePattern {
        var scalars = String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\\" ? "/" : $0 })
        if scalars.last == "/" { scalars.append("*") }
        return FileNamePattern(String(scalars))
    }
}
