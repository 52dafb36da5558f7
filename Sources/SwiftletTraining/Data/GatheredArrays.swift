import SwiftletTensor

/// Arrays of the batches of an evaluation, put together row by row. Batches may differ in all sizes but the first;
/// what is missing to the largest is filled with -100, as in Python.
struct GatheredArrays {
    private var batches: [(values: [Float], shape: [Int])] = []

    mutating func add(_ tensor: Tensor) { batches.append((tensor.floats(), tensor.shape)) }

    /// - Parameter width: sizes of a row where there are no batches.
    func array(width: [Int] = [0]) -> NumberArray {
        guard let first = batches.first?.shape else { return NumberArray([], shape: [0] + width) }
        let rows = batches.reduce(0) { $0 + $1.shape[0] }
        let sizes = first.indices.dropFirst().map { axis in batches.map { $0.shape[axis] }.max() ?? 0 }
        if batches.allSatisfy({ Array($0.shape.dropFirst()) == sizes }) {
            return NumberArray(batches.flatMap(\.values), shape: [rows] + sizes)
        }
        let rowCount = sizes.reduce(1, *)
        var values = [Float](repeating: -100, count: rows * rowCount)
        var row = 0
        for batch in batches {
            let lengths = Array(batch.shape.dropFirst())
            // The innermost axis is copied as it lies; the places of the others count up.
            let (inner, outer) = (lengths.last ?? 1, lengths.dropLast().reduce(batch.shape[0], *))
            for line in 0..<outer {
                var (rest, place, stride) = (line, 0, sizes.last ?? 1)
                for axis in lengths.indices.dropLast().reversed() {
                    place += rest % lengths[axis] * stride
                    rest /= lengths[axis]
                    stride *= sizes[axis]
                }
                let start = (row + rest) * rowCount + place
                values.replaceSubrange(start..<start + inner, with: batch.values[line * inner..<(line + 1) * inner])
            }
            row += batch.shape[0]
        }
        return NumberArray(values, shape: [rows] + sizes)
    }
}
