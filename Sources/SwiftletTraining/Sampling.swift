import SwiftletTensor

/// The order of the rows in one epoch: the permutation that accelerate's `SeedableRandomSampler` gives, which
/// leaves the default generator alone.
func randomOrder(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    Tensor.randperm(count, generator: Generator(seed: seed &+ UInt64(epoch))).ints()
}

/// Slices of an order; the last one may be short.
func batches(of order: [Int], size: Int, dropLast: Bool = false) -> [ArraySlice<Int>] {
    stride(from: 0, to: order.count, by: size).compactMap { start in
        let end = min(start + size, order.count)
        return dropLast && end - start < size ? nil : order[start..<end]
    }
}
