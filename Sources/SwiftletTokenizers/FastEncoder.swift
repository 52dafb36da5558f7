import Synchronization

/// Ids of a text without its tokens' origins, for pipelines whose parts are known well enough to do all of them in one
/// pass. What a pipeline does to a text is the same on both ways.
final class FastEncoder: Sendable {
    private enum Kind: Sendable {
        case bert(FastBert)
        case byteLevel(FastByteLevel)
        case metaspace(FastMetaspace)
    }

    private let kind: Kind
    private let pool = Pool()

    /// `nil` for pipelines of other parts.
    init?(_ pipeline: Pipeline) {
        if let bert = FastBert(pipeline) {
            kind = .bert(bert)
        } else if let byteLevel = FastByteLevel(pipeline) {
            kind = .byteLevel(byteLevel)
        } else if let metaspace = FastMetaspace(pipeline) {
            kind = .metaspace(metaspace)
        } else {
            return nil
        }
    }

    /// What one thread needs while it encodes, and what it remembers of words.
    fileprivate enum Memory {
        case bert(FastBert.Scratch)
        case words(FastWords)
    }

    /// Memories that no thread uses at the moment, so that words are remembered from call to call.
    fileprivate final class Pool: Sendable {
        // Sendable: a memory is either here or with one `Scratch`.
        private struct Free: @unchecked Sendable { var memories: [Memory] = [] }

        private let free = Mutex(Free())
        private static let most = 16

        func take() -> Memory? {
            free.withLock { $0.memories.popLast().map { Transfer(memory: $0) } }?.memory
        }

        func give(_ memory: Memory) {
            let transfer = Transfer(memory: memory)
            free.withLock { free in
                if free.memories.count < Self.most { free.memories.append(transfer.memory) }
            }
        }

        // Sendable: whoever has it is the only one.
        private struct Transfer: @unchecked Sendable { var memory: Memory }
    }

    /// Buffers that are used again from text to text; one for each thread.
    final class Scratch {
        fileprivate let memory: Memory
        private let pool: Pool

        fileprivate init(_ memory: Memory, _ pool: Pool) {
            self.memory = memory
            self.pool = pool
        }

        deinit { pool.give(memory) }
    }

    func makeScratch() -> Scratch {
        if let memory = pool.take() { return Scratch(memory, pool) }
        switch kind {
        case .bert(let bert): return Scratch(.bert(bert.makeScratch()), pool)
        case .byteLevel, .metaspace: return Scratch(.words(FastWords()), pool)
        }
    }

    /// Whether words may be so long that they don't fit the buffers.
    var canEncode: Bool {
        if case .bert(let bert) = kind { bert.canEncode } else { true }
    }

    /// Appends the ids of a text.
    ///
    /// - Returns: whether that was possible; when not, `ids` is as before.
    func encode(
        _ text: UnsafeBufferPointer<UInt8>, into ids: inout IDBuffer, _ scratch: Scratch
    ) throws(TokenizerError) -> Bool {
        switch (kind, scratch.memory) {
        case (.bert(let bert), .bert(let memory)): try bert.encode(text, into: &ids, memory)
        case (.byteLevel(let byteLevel), .words(let words)): byteLevel.encode(text, into: &ids, words)
        case (.metaspace(let metaspace), .words(let words)): try metaspace.encode(text, into: &ids, words)
        default: false
        }
    }
}

/// A growing list of ids without checks. Its owner calls `deallocate()`.
struct IDBuffer {
    private(set) var base: UnsafeMutablePointer<Int32>
    private var capacity: Int
    /// May be lowered at will.
    var count = 0

    init(capacity: Int = 256) {
        self.capacity = max(capacity, 16)
        base = .allocate(capacity: self.capacity)
    }

    @inline(__always) mutating func append(_ id: Int32) {
        if count == capacity { grow() }
        base[count] = id
        count += 1
    }

    /// Makes room for more ids.
    @inline(__always) mutating func reserve(_ more: Int) {
        while count + more > capacity { grow() }
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * 2)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity *= 2
    }

    func deallocate() { base.deallocate() }
}
