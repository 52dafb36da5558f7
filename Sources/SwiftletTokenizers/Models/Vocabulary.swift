/// Tokens and ids of a model.
struct Vocabulary: Sendable {
    /// In the order of the ids.
    let tokens: [String]
    let ids: [Int32]
    /// Positions in `tokens` by id, where ids have no large gaps.
    private let positions: [Int32]
    private let sparse: [Int32: Int32]
    let table: ByteTable

    /// Tokens by position. One that comes twice is found at its last, and stands for the others' ids too.
    init(list: [String]) {
        tokens = list
        ids = Array(0..<Int32(truncatingIfNeeded: list.count))
        table = ByteTable(tokens, ids)
        positions = ids
        sparse = [:]
    }

    /// A token that comes twice keeps its last id.
    init(_ pairs: [(token: String, id: Int32)]) {
        table = ByteTable(pairs.map(\.token), pairs.map(\.id))
        var pairs = pairs
        if table.count != pairs.count {
            let table = table
            pairs = pairs.filter { table.find($0.token) == $0.id }
        }
        let isSorted = zip(pairs, pairs.dropFirst()).allSatisfy { $0.id <= $1.id }
        if !isSorted { pairs.sort { $0.id < $1.id } }
        tokens = pairs.map(\.token)
        ids = pairs.map(\.id)
        let limit = Int(ids.last ?? -1) + 1
        if limit <= 4 * pairs.count + 1024 {
            var positions = [Int32](repeating: -1, count: limit)
            for (position, id) in ids.enumerated() { positions[Int(id)] = Int32(position) }
            self.positions = positions
            sparse = [:]
        } else {
            positions = []
            sparse = Dictionary(ids.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { $1 })
        }
    }

    var count: Int { tokens.count }

    func id(of token: String) -> Int32? {
        let id = table.find(token)
        return id < 0 ? nil : id
    }

    func token(of id: Int) -> String? {
        if positions.indices.contains(id) {
            return positions[id] < 0 ? nil : tokens[Int(positions[id])]
        }
        guard let key = Int32(exactly: id), let position = sparse[key] else { return nil }
        return tokens[Int(position)]
    }
}
