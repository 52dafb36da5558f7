public import SwiftletIO
import SwiftletRunLog
public import SwiftletTensor

/// Where the time of training steps went.
public struct ProfileReport: Sendable {
    /// All pieces of one name.
    public struct Row: Sendable {
        /// The operation's name, as libtorch or a kernel has it.
        public var name: String
        /// How often it ran.
        public var calls: Int
        /// Without what other pieces took within them.
        public var seconds: Double
        /// Floating-point operations of all calls, where the operation says how many it makes; else 0.
        public var operations: Double
    }

    /// The span around each step, and around its parts.
    static let step: StaticString = "step"

    /// Updates that the report is about.
    public let stepCount: Int
    /// Of all steps together.
    public let seconds: Double
    /// The slowest first.
    public let rows: [Row]
    /// The seconds of all products of two matrices in the steps, and their floating-point operations.
    public let products: (seconds: Double, operations: Double)
    /// The products of one step of medium size.
    let typicalProducts: [Profile.Product]
    private let pieces: [Profile.Piece]

    /// - Returns: `nil` where no whole step was recorded.
    public init?(_ profile: Profile) {
        let name = String(describing: Self.step)
        let steps = profile.pieces.filter { $0.name == name }.sorted { $0.start < $1.start }
        guard !steps.isEmpty else { return nil }
        func index(_ piece: Profile.Piece) -> Int? {
            steps.firstIndex { $0.start <= piece.start && piece.start < $0.start + $0.duration }
        }
        var (rows, perStep) = ([String: Row](), [[Profile.Piece]](repeating: [], count: steps.count))
        for piece in profile.pieces {
            guard let step = index(piece) else { continue }
            rows[piece.name, default: Row(name: piece.name, calls: 0, seconds: 0, operations: 0)].add(piece)
            perStep[step].append(piece)
        }
        stepCount = steps.count
        seconds = steps.reduce(0) { $0 + $1.duration }
        self.rows = rows.values.sorted { $0.seconds > $1.seconds }
        pieces = perStep.flatMap(\.self)
        let products = pieces.filter { $0.product != nil }
        self.products = (products.reduce(0) { $0 + $1.own }, products.reduce(0) { $0 + $1.operations })
        let sizes = perStep.map { pieces in pieces.reduce(0) { $0 + ($1.product == nil ? 0 : $1.operations) } }
        let order = sizes.indices.sorted { sizes[$0] < sizes[$1] }
        typicalProducts = perStep[order[order.count / 2]].compactMap(\.product)
    }

    /// Floating-point operations a second that libtorch reaches for the products of a typical step when it does nothing
    /// else, measured now. `nil` without products.
    public func measureLimit() -> Double? {
        var times: [Profile.Product: Double] = [:]
        var (operations, seconds) = (0.0, 0.0)
        for product in typicalProducts {
            let time = times[product] ?? product.measured()
            times[product] = time
            operations += product.operations
            seconds += time
        }
        return seconds > 0 ? operations / seconds : nil
    }

    /// A table, with a line about the limit: the steps' matrix products alone.
    ///
    /// - Parameter limit: what `measureLimit` gave.
    public func text(limit: Double?, rowCount: Int = 24) -> String {
        func fixed(_ value: Double, _ width: Int, places: Int = 2) -> String {
            let text = NumberText.fixed(value, places: places)
            return String(repeating: " ", count: max(0, width - text.utf8.count)) + text
        }
        let steps = Double(stepCount)
        let widest = rows.prefix(rowCount).map(\.name.count).max() ?? 0
        func line(_ name: String, _ rest: String) -> String {
            name + String(repeating: " ", count: max(0, widest - name.count)) + rest
        }
        var lines = [line("", "   calls/step     ms/step    share   GFLOP/s")]
        for row in rows.prefix(rowCount) {
            let speed = row.operations > 0 ? fixed(row.operations / row.seconds * 1e-9, 10, places: 1) : ""
            lines.append(
                line(
                    row.name,
                    fixed(Double(row.calls) / steps, 13, places: 1) + fixed(row.seconds / steps * 1e3, 12, places: 3)
                        + fixed(row.seconds / seconds * 100, 8, places: 1) + "%" + speed))
        }
        let rest = rows.dropFirst(rowCount).reduce(0) { $0 + $1.seconds }
        if rest > 0 {
            lines.append(
                line(
                    "(others)",
                    fixed(rest / steps * 1e3, 25, places: 3) + fixed(rest / seconds * 100, 8, places: 1) + "%"))
        }
        lines.append("")
        lines.append(
            "\(stepCount) steps of \(fixed(seconds / steps * 1e3, 0)) ms, \(fixed(products.seconds / steps * 1e3, 0)) ms of "
                + "them in \(fixed(products.operations / steps * 1e-9, 0)) GFLOP of matrix products.")
        if let limit {
            let least = products.operations / limit
            lines.append(
                "Limit: those products alone, at \(fixed(limit * 1e-9, 0, places: 1)) GFLOP/s, take "
                    + "\(fixed(least / steps * 1e3, 0)) ms. The steps reach \(fixed(least / seconds * 100, 0, places: 0))% of it."
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The pieces in the format that `chrome://tracing` and Perfetto open.
    public var chromeTrace: JSONValue {
        let start = pieces.map(\.start).min() ?? 0
        let events = pieces.map { piece -> JSONValue in
            var event: JSONObject = [
                "name": .string(piece.name), "ph": "X", "pid": 1, "tid": .int(piece.thread),
                "ts": .double(((piece.start - start) * 1e9).rounded() / 1e3),
                "dur": .double((piece.duration * 1e9).rounded() / 1e3),
            ]
            if let product = piece.product {
                event["args"] = [
                    "rows": .int(product.rows), "columns": .int(product.columns), "depth": .int(product.depth),
                    "gflops": .double((piece.operations / piece.duration * 1e-7).rounded() / 100),
                ]
            }
            return .object(event)
        }
        return ["traceEvents": .array(events), "displayTimeUnit": "ms"]
    }
}

extension ProfileReport.Row {
    fileprivate mutating func add(_ piece: Profile.Piece) {
        calls += 1
        seconds += piece.own
        operations += piece.operations
    }
}
