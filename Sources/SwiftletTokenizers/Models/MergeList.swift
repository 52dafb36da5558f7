/// The merges of a `BPE` as they stand in a file: pairs of byte strings in the order in which they apply, without a
/// string object for each.
struct MergeList {
    private(set) var bytes: [UInt8] = []
    /// The end of each merge's parts in `bytes`; one begins where the one before ends.
    private(set) var ends: [(left: Int, right: Int)] = []

    var count: Int { ends.count }

    init() {}

    init(_ pairs: some Sequence<(left: String, right: String)>) {
        for (left, right) in pairs { append(left.utf8, right.utf8) }
    }

    mutating func reserve(_ merges: Int, bytes: Int) {
        ends.reserveCapacity(merges)
        self.bytes.reserveCapacity(bytes)
    }

    mutating func append(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) {
        bytes.append(contentsOf: left)
        let middle = bytes.count
        bytes.append(contentsOf: right)
        ends.append((middle, bytes.count))
    }

    enum Line { case merge, comment, malformed }

    /// Takes a merge that is written as its two parts with a space between.
    mutating func append(line: UnsafeRawBufferPointer) -> Line {
        if line.starts(with: "#version".utf8) { return .comment }
        guard let space = line.firstIndex(of: 0x20), !line[(space + 1)...].contains(0x20) else { return .malformed }
        append(line[..<space], line[(space + 1)...])
        return .merge
    }

    /// Where the two parts of a merge lie in `bytes`.
    func parts(_ index: Int) -> (left: Range<Int>, right: Range<Int>) {
        let start = index == 0 ? 0 : ends[index - 1].right
        return (start..<ends[index].left, ends[index].left..<ends[index].right)
    }

    /// A merge for messages.
    func text(_ index: Int) -> String {
        let (left, right) = parts(index)
        return String(decoding: bytes[left], as: UTF8.self) + " " + String(decoding: bytes[right], as: UTF8.self)
    }
}
