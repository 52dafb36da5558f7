import SwiftletTensor
import Testing

#if os(Linux)
@Suite(.serialized) struct TensorMemoryTests {
    static let megabyte = 1 << 20

    /// float32, so many megabytes.
    static func tensor(_ megabytes: Int, _ value: Double) -> Tensor {
        Tensor.full([megabytes * megabyte / 4], value)
    }

    @Test func `freed buffers serve the next ones, of other sizes too`() {
        for _ in 0..<3 { _ = (0..<4).map { Self.tensor(2 + $0, 1) } }
        let (kept, used) = (TensorMemory.keptBytes, TensorMemory.usedBytes)
        for round in 0..<50 {
            let tensors = (0..<4).map { Self.tensor(1 + (round + $0) % 4, 1) }
            #expect(TensorMemory.usedBytes >= used + 10 * Self.megabyte)
            #expect(tensors.count == 4)
        }
        #expect(TensorMemory.keptBytes == kept)
        #expect(TensorMemory.usedBytes == used)
    }

    @Test func `what is not in use goes back when asked`() {
        let used = TensorMemory.usedBytes
        do {
            let large = Self.tensor(100, 2)
            #expect(TensorMemory.usedBytes >= used + 100 * Self.megabyte)
            #expect(large.sum().item() == Double(100 * Self.megabyte / 2))
        }
        let kept = TensorMemory.keptBytes
        TensorMemory.releaseUnused()
        #expect(TensorMemory.keptBytes <= kept - 100 * Self.megabyte)
        #expect(TensorMemory.usedBytes == used)
        // Whole chunks go, so what is left is in the same chunks as what is in use.
        #expect(Self.tensor(3, 5).sum().item() == Double(5 * 3 * Self.megabyte / 4))
    }

    @Test func `more than 512 MB of free memory isn't kept`() {
        TensorMemory.releaseUnused()
        let used = TensorMemory.usedBytes
        do {
            let tensors = (0..<8).map { _ in Tensor.empty([100 * Self.megabyte / 4]) }
            #expect(TensorMemory.usedBytes >= used + 800 * Self.megabyte)
            #expect(tensors.count == 8)
        }
        #expect(TensorMemory.keptBytes - TensorMemory.usedBytes <= max(512 * Self.megabyte, used))
        TensorMemory.releaseUnused()
    }

    @Test func `zeros are zero in memory that was used before`() {
        for size in [1, 2, 5] {
            do { _ = Self.tensor(size, 7) }
            let zeros = Tensor.zeros([size * Self.megabyte / 4])
            #expect(zeros.ne(0).any() == false)
            zeros.fill_(3)
            #expect(zeros.ne(3).any() == false)
        }
        let table = Tensor.zeros([40000, 16])
        #expect(table.ne(0).any() == false)
        #expect(table.shape == [40000, 16])
        table.select(0, 39999).fill_(1)
        #expect(table.sum().item() == 16)
    }

    @Test func `threads don't get each other's memory`() async {
        let wrong = await withTaskGroup(of: Int.self) { group in
            for task in 0..<4 {
                group.addTask {
                    var (wrong, held) = (0, [(Tensor, Double)]())
                    for round in 0..<200 {
                        let value = Double(task * 1000 + round)
                        held.append((Tensor.full([5000 + 700 * (round * (task + 3) % 90)], value), value))
                        if held.count > 6 {
                            let (tensor, value) = held.remove(at: round % 6)
                            if tensor.ne(value).any() { wrong += 1 }
                        }
                    }
                    return wrong
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }
}
#endif
