internal import CArrowInterface
import SwiftletIO

/// The chunks of a column, kept alive for reading in place.
// Sendable: nothing is written after `init`, and Arrow's buffers don't change.
final class ArrowColumn: @unchecked Sendable {
    let type: ArrowType
    let views: [ArrowView]
    /// The row at which each chunk begins, and the number of rows at the end.
    let starts: [Int]
    private let arrays: UnsafeMutablePointer<ArrowArray>
    private let arrayCount: Int

    init(_ table: ArrowTable, _ column: Int) throws {
        guard let type = try table.type(column) else {
            throw DatasetError(
                "column '\(table.names[column])' has a type that is not supported",
                remedy: "Leave the column out, or store it as numbers, text, lists or structures.",
                kind: .unsupported, at: ErrorLocation(column: table.names[column]))
        }
        self.type = type
        let count = Int(carrow_table_chunks(table.handle, Int64(column)))
        arrays = .allocate(capacity: max(count, 1))
        var made = 0
        var views: [ArrowView] = []
        var starts = [0]
        do {
            for chunk in 0..<count {
                var schema = ArrowSchema()
                try arrow(
                    "read column '\(table.names[column])'",
                    carrow_table_chunk(table.handle, Int64(column), Int64(chunk), arrays + chunk, &schema))
                schema.release?(&schema)
                made += 1
                views.append(ArrowView(array: UnsafePointer(arrays + chunk), type: type))
                starts.append(starts[chunk] + views[chunk].count)
            }
        } catch {
            for index in 0..<made { arrays[index].release?(arrays + index) }
            arrays.deallocate()
            throw error
        }
        arrayCount = made
        self.views = views
        self.starts = starts
    }

    deinit {
        for index in 0..<arrayCount { arrays[index].release?(arrays + index) }
        arrays.deallocate()
    }

    var count: Int { starts[starts.count - 1] }

    /// The chunk that a row lies in.
    func chunk(of row: Int) -> Int {
        var (low, high) = (0, views.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if starts[middle] <= row { low = middle } else { high = middle - 1 }
        }
        return low
    }

    func value(_ row: Int) -> Value {
        withExtendedLifetime(self) {
            let chunk = chunk(of: row)
            return views[chunk].value(row - starts[chunk])
        }
    }

    /// An integer.
    func int(_ row: Int) -> Int {
        withExtendedLifetime(self) {
            let chunk = chunk(of: row)
            return views[chunk].int(row - starts[chunk])
        }
    }
}
