import CTorchInterface

/// Runs `body` without recording what gradients would need. For the calling thread.
public func noGrad<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try withGradMode(false, body)
}

/// Runs `body` with recording on, also inside `noGrad`.
public func enableGrad<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    try withGradMode(true, body)
}

/// Whether operations on this thread are recorded for gradients.
public var isGradEnabled: Bool { ct_grad_enabled() }

private func withGradMode<Result, Failure: Error>(
    _ enabled: Bool, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let before = ct_grad_enabled()
    ct_set_grad_enabled(enabled)
    defer { ct_set_grad_enabled(before) }
    return try body()
}

extension Tensor {
    /// Whether gradients are computed for this tensor. May be set on a leaf: a tensor that is no operation's result.
    public var requiresGrad: Bool {
        get {
            var value = false
            perform("requiresGrad", [self]) { ct_requires_grad(handle, &value) }
            return value
        }
        set { perform("requiresGrad", [self]) { ct_set_requires_grad(handle, newValue) } }
    }

    /// What `backward()` has summed up; `nil` clears it.
    public var grad: Tensor? {
        get {
            var gradient: OpaquePointer?
            perform("grad", [self]) { ct_grad(handle, &gradient) }
            return gradient.map(Tensor.init(owning:))
        }
        set {
            perform("grad", [self]) { ct_set_grad(handle, newValue?.handle) }
            withExtendedLifetime(newValue) {}
        }
    }

    /// Adds the gradients of this one-element tensor to `grad` of every leaf it came from.
    public func backward(retainGraph: Bool = false) {
        perform("backward", [self]) { ct_backward(handle, nil, retainGraph) }
    }

    /// Adds the gradients of this tensor, of any shape and weighted by `gradient` of that shape, to `grad` of every
    /// leaf it came from.
    public func backward(gradient: Tensor, retainGraph: Bool = false) {
        perform("backward", [self, gradient]) { ct_backward(handle, gradient.handle, retainGraph) }
    }

    /// The gradients of a one-element tensor for `inputs`, which must all have a part in it. `grad` stays as it is.
    public static func gradients(of output: Tensor, for inputs: [Tensor], retainGraph: Bool = false) -> [Tensor] {
        results("gradients", inputs.count, [output] + inputs) { out in
            withHandles(inputs) { ct_gradients(output.handle, $0, Int32(inputs.count), retainGraph, out) }
        }
    }
}

/// Calls an operation that gives `count` tensors.
func results(
    _ operation: StaticString, _ count: Int, _ inputs: @autoclosure () -> [Tensor],
    _ call: (UnsafeMutablePointer<OpaquePointer?>?) -> Int32
) -> [Tensor] {
    var handles = [OpaquePointer?](repeating: nil, count: count)
    let status = handles.withUnsafeMutableBufferPointer { call($0.baseAddress) }
    if status != 0 { report(operation, inputs()) }
    return handles.map { Tensor(owning: $0 ?? ct_tensor_undefined()) }
}

/// Runs `body` without keeping its intermediate results: the backward pass computes them again from `x`, with the same
/// random numbers. What `torch.utils.checkpoint` does: less memory for more time.
///
/// - Parameter body: called now and once more in the backward pass. Parameters it uses get their gradients as usual.
public func recomputed(_ x: Tensor, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
    guard isGradEnabled else { return body(x) }
    // Only a graph that reaches the input is walked backwards; frozen layers below cut it off.
    var input = x
    if !x.requiresGrad {
        input = x.detach()
        input.requiresGrad = true
    }
    let context = Unmanaged.passRetained(RecomputedBody(body)).toOpaque()
    return result("recomputed", [input]) { out in
        ct_recompute(
            input.handle,
            { context, input, output in
                guard let context, let input, let output else { return }
                let body = Unmanaged<RecomputedBody>.fromOpaque(context).takeUnretainedValue().body
                var handle: OpaquePointer?
                guard ct_alias(input, &handle) == 0, let handle else { return }
                let value = body(Tensor(owning: handle))
                _ = withExtendedLifetime(value) { ct_alias(value.handle, output) }
            }, context, { Unmanaged<RecomputedBody>.fromOpaque($0!).release() }, out)
    }
}

private final class RecomputedBody {
    let body: (Tensor) -> Tensor
    init(_ body: @escaping (Tensor) -> Tensor) { self.body = body }
}
