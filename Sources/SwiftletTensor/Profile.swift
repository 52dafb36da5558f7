import CTorchInterface

/// What ran when: libtorch's operations, the nodes of its backward pass, the fused kernels, and `profiled` spans.
public struct Profile: Sendable {
    /// The two matrices of a product. Transposed ones are read so, not copied.
    public struct Product: Hashable, Sendable {
        /// Rows of the result.
        public var rows: Int
        /// Columns of the result.
        public var columns: Int
        /// Length of the sums: columns of the first operand.
        public var depth: Int
        /// Whether the first operand is read by columns.
        public var isFirstTransposed: Bool
        /// Whether the second operand is read by columns.
        public var isSecondTransposed: Bool
    }

    /// A piece of work. Times in seconds, on a clock of its own.
    public struct Piece: Sendable {
        /// The operation, as libtorch or a kernel names it.
        public var name: String
        /// A number for the thread that it ran on.
        public var thread: Int
        /// When it began, in seconds since the recording did.
        public var start: Double
        /// How long it took, in seconds.
        public var duration: Double
        /// The duration without that of other pieces within this one.
        public var own: Double
        /// Floating-point operations of matrix products, else 0.
        public var operations: Double
        /// The product, of two matrices, that this piece is.
        public var product: Product?
    }

    /// In the order in which they ended.
    public var pieces: [Piece]

    package init(pieces: [Piece]) { self.pieces = pieces }

    /// Begins to record, for all threads and until `stop`. Costs some microseconds an operation.
    ///
    /// - Throws: `TensorError` if a recording is under way.
    public static func start() throws {
        guard ct_profile_start() == 0 else {
            throw TensorError(
                String(cString: ct_last_error()), remedy: "Stop the recording that is under way first.",
                kind: .invalidArgument)
        }
    }

    /// Ends the recording.
    ///
    /// - Returns: what ran since `start`; empty without one.
    public static func stop() -> Profile {
        ct_profile_stop()
        var events: UnsafePointer<ct_profile_event>?
        let count = Int(ct_profile_events(&events))
        var names: [UnsafePointer<CChar>: String] = [:]
        return Profile(
            pieces: UnsafeBufferPointer(start: events, count: count).map { event in
                let name = names[event.name] ?? String(cString: event.name)
                names[event.name] = name
                return Piece(
                    name: name, thread: Int(event.thread), start: Double(event.start) * 1e-9,
                    duration: Double(event.duration) * 1e-9, own: Double(event.duration - event.inside) * 1e-9,
                    operations: Double(event.operations),
                    product: event.is_product
                        ? Product(
                            rows: Int(event.rows), columns: Int(event.columns), depth: Int(event.depth),
                            isFirstTransposed: event.is_first_transposed, isSecondTransposed: event.is_second_transposed
                        )
                        : nil)
            })
    }
}

extension Profile.Product {
    /// Multiplications and additions.
    public var operations: Double { 2 * Double(rows) * Double(columns) * Double(depth) }

    /// The least seconds that libtorch takes for such a product of float32 matrices on the CPU, measured now.
    public func measured(repetitions: Int = 7) -> Double {
        var nanoseconds: Int64 = 0
        perform("product", []) {
            ct_profile_product_time(
                Int64(rows), Int64(columns), Int64(depth), isFirstTransposed, isSecondTransposed, Int32(repetitions),
                &nanoseconds)
        }
        return Double(nanoseconds) * 1e-9
    }
}

/// Runs `body` as one piece of a profile. Costs next to nothing where none is recorded.
public func profiled<Result, Failure: Error>(
    _ name: StaticString, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let span = name.withUTF8Buffer { bytes in
        bytes.withMemoryRebound(to: CChar.self) { ct_profile_span_begin($0.baseAddress) }
    }
    defer { ct_profile_span_end(span) }
    return try body()
}
