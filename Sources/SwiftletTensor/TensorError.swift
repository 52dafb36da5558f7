import CTorchInterface
public import SwiftletIO

/// A tensor operation that failed, with the shapes it got; or a device that isn't there.
public struct TensorError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// An operation that failed, usually for shapes or dtypes that don't go together.
        case operation
        /// A device that is not there, or a name that is none.
        case noDevice
        /// A setting that makes no sense, or that this machine does not have.
        case invalidArgument
        /// Not enough memory, on the machine or on a GPU: less at once may work.
        case outOfMemory
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var commandLineRemedy: String?
    public var location: ErrorLocation
    /// Whether there was not enough memory, on the machine or on a GPU: less at once may work.
    public var isOutOfMemory: Bool { kind == .outOfMemory }

    /// - Parameters:
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what a caller in Swift can do.
    ///   - commandLine: what a user of the command line can do; by default the same.
    public init(
        _ message: String, remedy: String? = nil, commandLine: String? = nil, kind: Kind = .operation,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }

    /// A failure in libtorch's words.
    init(failure: String) {
        let signs = ["can't allocate memory", "not enough memory", "out of memory", "bad_alloc"]
        guard signs.contains(where: { failure.contains($0) }) else {
            self.init(failure)
            return
        }
        self.init(
            failure,
            remedy:
                "There is not enough memory: use smaller batches, shorter texts, gradient checkpointing, or a smaller model.",
            kind: .outOfMemory)
    }
}

/// Runs `body` with failing tensor operations turned into an error, instead of stopping the process.
///
/// Tensor maths doesn't throw: a wrong shape is a mistake in the program. Inside this scope, an operation that fails
/// gives an undefined tensor, whatever uses that does nothing, and the first failure is thrown when `body` ends.
/// Numbers read from an undefined tensor are NaN or empty. Scopes nest, and belong to the thread.
public func withTensorErrors<Result>(_ body: () throws -> Result) throws -> Result {
    ct_error_scope_begin()
    var outcome: Swift.Result<Result, any Error>
    do { outcome = .success(try body()) } catch { outcome = .failure(error) }
    // The tensor's failure came first; what the body threw may only follow from it.
    if let message = ct_error_scope_end() { outcome = .failure(TensorError(failure: String(cString: message))) }
    return try outcome.get()
}

/// Throws the first failure so far of the `withTensorErrors` around this, so that a long computation ends where it went
/// wrong. Does nothing outside of one.
///
/// - Throws: `TensorError`; its `withTensorErrors` throws the same.
public func checkTensorErrors() throws(TensorError) {
    let nothing = "nothing has failed"
    // Kept only if it is the first, and only inside of a scope.
    guard ct_error_scope_record(nothing) else { return }
    let message = ct_error_scope_end().map { String(cString: $0) } ?? nothing
    // One that has kept nothing is as good as a new one.
    ct_error_scope_begin()
    guard message != nothing else { return }
    _ = ct_error_scope_record(message)
    throw TensorError(failure: message)
}

/// Where every failure of tensor maths ends: kept by `withTensorErrors`, or a stop that names operation and shapes.
func report(_ operation: StaticString, _ inputs: [Tensor]) {
    let reason = String(cString: ct_last_error())
    // One more failing call in here would replace the message, so it is read first.
    let operands = inputs.map { "\($0.dtype.name) \($0.shape)" }.joined(separator: ", ")
    let text = inputs.isEmpty ? "\(operation): \(reason)" : "\(operation) of \(operands): \(reason)"
    if !ct_error_scope_record(text) { fatalError(text) }
}

/// Calls an operation that gives a tensor.
///
/// `inputs` is evaluated only for a message. That also keeps the operands alive while the call runs, which their
/// bare handles would not.
@inline(__always)
func result(
    _ operation: StaticString, _ inputs: @autoclosure () -> [Tensor],
    _ call: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
) -> Tensor {
    var handle: OpaquePointer?
    if call(&handle) != 0 { report(operation, inputs()) }
    return Tensor(owning: handle ?? ct_tensor_undefined())
}

/// Calls an operation that changes a tensor or reads from it. False if it failed.
@inline(__always) @discardableResult
func perform(_ operation: StaticString, _ inputs: @autoclosure () -> [Tensor], _ call: () -> Int32) -> Bool {
    if call() == 0 { return true }
    report(operation, inputs())
    return false
}

/// The handles of several tensors, for the length of the call.
package func withHandles<Result>(_ tensors: [Tensor], _ body: (UnsafePointer<OpaquePointer?>?) -> Result) -> Result {
    withExtendedLifetime(tensors) {
        tensors.map { Optional($0.handle) }.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
