/// A text from outside as a key of a dictionary or set, or in an order: a column, a label, a tag, an id, a JSON key.
///
/// Two keys are equal where they have the same code points, as two `str` of Python. Swift's `String` goes further and
/// takes canonically equivalent texts for one: `é` as one code point, and as an `e` with an accent after it. Two labels
/// of a file would become one. The order is that of the code points too, as Python sorts.
public struct TextKey: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text itself.
    public let text: String

    /// The key of a text.
    public init(_ text: String) { self.text = text }
    /// The key of a part of a text.
    public init(_ text: Substring) { self.text = String(text) }
    /// The key of a text in the source.
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }

    public static func == (left: TextKey, right: TextKey) -> Bool { left.text.isSame(as: right.text) }

    /// UTF-8 keeps the order of code points.
    public static func < (left: TextKey, right: TextKey) -> Bool { left.text.precedes(right.text) }

    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // No byte of a text: keys one after the other in a hash don't run into each other.
        hasher.combine(0xFF as UInt8)
    }
}

extension StringProtocol {
    /// Whether both texts have the same code points; see `TextKey`.
    public func isSame(as other: some StringProtocol) -> Bool {
        let same = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                left.count == right.count && left.elementsEqual(right)
            }
        }
        return (same ?? nil) ?? utf8.elementsEqual(other.utf8)
    }

    /// Whether this text comes before another in the order of code points; see `TextKey`.
    public func precedes(_ other: some StringProtocol) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

extension Collection where Element: StringProtocol {
    /// The place of the first text with the same code points.
    public func firstIndex(ofText text: some StringProtocol) -> Index? { firstIndex { $0.isSame(as: text) } }

    /// Whether a text with the same code points is among these.
    public func contains(text: some StringProtocol) -> Bool { contains { $0.isSame(as: text) } }

    /// Whether these are the same texts in the same order.
    public func areSame(as other: some Collection<some StringProtocol>) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.isSame(as: $1) }
    }

    /// In the order of code points, as Python sorts.
    public func sortedByCodePoints() -> [Element] { sorted { $0.precedes($1) } }
}

extension Sequence where Element == String {
    /// These texts as a set.
    public var textKeys: Set<TextKey> { Set(lazy.map { TextKey($0) }) }
}

/// Distinct texts in the order they came, such as the keys of an object or the names of columns. They are found by
/// their code points, in constant time also where there are many.
public struct OrderedKeys: Sendable, Equatable {
    /// The names, in the order in which they were added.
    public private(set) var names: [String] = []
    /// Positions by name, kept only above a size at which scanning the names would be slower.
    private var positions: [TextKey: Int] = [:]

    private static let indexedAbove = 12

    /// No names.
    public init() {}

    /// - Parameter names: distinct ones. They are not indexed before a name is added: for keys that are soon gone.
    public init(distinct names: [String]) { self.names = names }

    /// The number of names.
    public var count: Int { names.count }

    /// Where a name stands; `nil` if it is not there.
    public func position(of name: String) -> Int? {
        positions.isEmpty ? names.firstIndex(ofText: name) : positions[TextKey(name)]
    }

    /// Adds a name that is none of those there are.
    public mutating func append(_ name: String) {
        names.append(name)
        if !positions.isEmpty {
            positions[TextKey(name)] = names.count - 1
        } else if names.count > Self.indexedAbove {
            index()
        }
    }

    /// Removes a name; those behind it move up.
    public mutating func remove(at position: Int) {
        names.remove(at: position)
        positions.removeAll()
        if names.count > Self.indexedAbove { index() }
    }

    private mutating func index() {
        positions.reserveCapacity(names.count)
        for (position, name) in names.enumerated() { positions[TextKey(name)] = position }
    }

    public static func == (left: OrderedKeys, right: OrderedKeys) -> Bool { left.names.areSame(as: right.names) }
}
