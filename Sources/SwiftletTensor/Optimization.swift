import CTorchInterface

/// One AdamW update of all parameters, in place, by the kernel that Python's `adamw_torch_fused` calls.
///
/// The moments have the shapes of the parameters. Each of `steps` is float32 `[]`, the number of updates before this
/// one; it is raised. Gradients are not recorded.
public func fusedAdamW(
    parameters: [Tensor], gradients: [Tensor], expAvg: [Tensor], expAvgSq: [Tensor], steps: [Tensor], lr: Double,
    beta1: Double, beta2: Double, weightDecay: Double, eps: Double
) {
    let count = parameters.count
    precondition(
        [gradients, expAvg, expAvgSq, steps].allSatisfy { $0.count == count },
        "fusedAdamW needs a gradient, two moments and a step for each of the \(count) parameters")
    perform("fusedAdamW", parameters) {
        withHandles(parameters) { parameters in
            withHandles(gradients) { gradients in
                withHandles(expAvg) { averages in
                    withHandles(expAvgSq) { squares in
                        withHandles(steps) { steps in
                            ct_fused_adamw(
                                parameters, gradients, averages, squares, steps, Int32(count), lr, beta1, beta2,
                                weightDecay, eps)
                        }
                    }
                }
            }
        }
    }
}

/// The Euclidean norm of each tensor, shape `[]`.
public func foreachNorm(_ tensors: [Tensor]) -> [Tensor] {
    results("foreachNorm", tensors.count, tensors) { out in
        withHandles(tensors) { ct_foreach_norm($0, Int32(tensors.count), out) }
    }
}

/// Scales the gradients in place so that their common norm is at most `maxNorm`, with the arithmetic of
/// `torch.nn.utils.clip_grad_norm_`.
///
/// - Returns: the norm before, shape `[]`; 0 without gradients.
@discardableResult
public func clipGradNorm(_ gradients: [Tensor], maxNorm: Double) -> Tensor {
    if gradients.isEmpty { return Tensor(0) }
    return result("clipGradNorm", gradients) { out in
        withHandles(gradients) { ct_clip_norm($0, Int32(gradients.count), maxNorm, out) }
    }
}

/// Multiplies gradients in place by the float32 nearest to `1 / scale`, by the kernel of `torch.amp.GradScaler`. Waits
/// for the device.
///
/// - Returns: whether any element was infinite or NaN before.
public func unscale(_ gradients: [Tensor], scale: Double) -> Bool {
    if gradients.isEmpty { return false }
    var foundNotFinite = false
    perform("unscale", gradients) {
        withHandles(gradients) { ct_unscale($0, Int32(gradients.count), scale, &foundNotFinite) }
    }
    return foundNotFinite
}

/// How many threads one tensor operation may use.
public var threadCount: Int { Int(ct_thread_count()) }

/// Sets how many threads an operation on the CPU may use, for the whole process.
public func setThreadCount(_ count: Int) {
    precondition(count > 0, "a thread count of \(count)")
    perform("setThreadCount", []) { ct_set_thread_count(Int32(clamping: count)) }
}

/// The version of libtorch, such as "2.13.0".
public var torchVersion: String { String(cString: ct_torch_version()) }
