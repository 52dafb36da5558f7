internal import SwiftletIO

/// A column on its way into a dataset.
public enum ColumnData: Sendable, Equatable {
    /// Texts.
    case strings([String])
    /// Texts, `nil` where there is none.
    case optionalStrings([String?])
    /// Integers.
    case ints([Int])
    /// Integers, `nil` where there is none.
    case optionalInts([Int?])
    /// Floating-point numbers.
    case doubles([Double])
    /// Floating-point numbers, `nil` where there is none.
    case optionalDoubles([Double?])
    /// Booleans.
    case bools([Bool])
    /// Token ids, masks and the like. `input_ids` are stored in 32 bits, `attention_mask`, `token_type_ids` and
    /// `special_tokens_mask` in 8, everything else in 64, as in Python.
    case intLists([[Int32]])
    /// Lists of floating-point numbers.
    case doubleLists([[Double]])
    /// Lists of texts.
    case stringLists([[String]])
    /// Anything else: with nulls, nested, or of a type that is only known when it runs.
    case values([Value])

    /// Rows of the column.
    public var count: Int {
        switch self {
        case .strings(let values): values.count
        case .optionalStrings(let values): values.count
        case .ints(let values): values.count
        case .optionalInts(let values): values.count
        case .doubles(let values): values.count
        case .optionalDoubles(let values): values.count
        case .bools(let values): values.count
        case .intLists(let values): values.count
        case .doubleLists(let values): values.count
        case .stringLists(let values): values.count
        case .values(let values): values.count
        }
    }

    var values: [Value] {
        switch self {
        case .strings(let values): values.map { .string($0) }
        case .optionalStrings(let values): values.map { $0.map { .string($0) } ?? .null }
        case .ints(let values): values.map { .int($0) }
        case .optionalInts(let values): values.map { $0.map { .int($0) } ?? .null }
        case .doubles(let values): values.map { .double($0) }
        case .optionalDoubles(let values): values.map { $0.map { .double($0) } ?? .null }
        case .bools(let values): values.map { .bool($0) }
        case .intLists(let values): values.map { .list($0.map { .int(Int($0)) }) }
        case .doubleLists(let values): values.map { .list($0.map { .double($0) }) }
        case .stringLists(let values): values.map { .list($0.map { .string($0) }) }
        case .values(let values): values
        }
    }
}

/// Named columns in order: what a batched `map` returns. Written as a dictionary literal.
public struct Columns: Sendable, ExpressibleByDictionaryLiteral {
    private var keys = OrderedKeys()
    /// The columns' values, in the order of `names`.
    public private(set) var data: [ColumnData] = []

    /// No columns.
    public init() {}
    /// Columns by name, in this order. Of two with one name, the later one counts.
    public init(_ pairs: some Sequence<(String, ColumnData)>) {
        for (name, data) in pairs { self[name] = data }
    }
    /// Columns by name, as in `["text": .strings(texts)]`.
    public init(dictionaryLiteral elements: (String, ColumnData)...) { self.init(elements) }

    /// A dictionary has no order: what tokenizers return comes in their order, the rest by name.
    public init(_ dictionary: [String: ColumnData]) {
        let known = ["input_ids", "token_type_ids", "attention_mask", "special_tokens_mask", "offset_mapping"]
        let rest = dictionary.keys.filter { !known.contains(text: $0) }.sortedByCodePoints()
        self.init((known + rest).compactMap { name in dictionary[name].map { (name, $0) } })
    }

    /// The columns' names, in order.
    public var names: [String] { keys.names }

    /// The values of a column; `nil` if there is none of that name. Setting a new name adds a column at the end;
    /// setting `nil` changes nothing.
    public subscript(name: String) -> ColumnData? {
        get { keys.position(of: name).map { data[$0] } }
        set {
            guard let newValue else { return }
            if let position = keys.position(of: name) {
                data[position] = newValue
            } else {
                keys.append(name)
                data.append(newValue)
            }
        }
    }
}

extension Columns: Sequence {
    public func makeIterator() -> Zip2Sequence<[String], [ColumnData]>.Iterator { zip(names, data).makeIterator() }
}
