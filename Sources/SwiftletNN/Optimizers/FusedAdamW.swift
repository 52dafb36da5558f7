import SwiftletTensor

extension AdamW {
    /// Clips the gradients' common norm and makes one update, both in one fused pass; gradients keep their values.
    ///
    /// The numbers are those of `clipGradNorm` and `step()` to rounding. These two do the work where a parameter isn't
    /// float32 on the CPU, or the state is shared out to several processes.
    ///
    /// - Returns: the norm before clipping.
    @discardableResult
    public func clipAndStep(maxNorm: Double = .infinity) -> Double {
        let active = groups.flatMap { group in
            group.parameters.filter { $0.isTrainable }.compactMap { parameter in
                parameter.gradient.map { (parameter: parameter, gradient: $0, group: group) }
            }
        }
        let isPlain = sharding == nil && scaler == nil && isAccumulating?() != true
        guard isPlain,
            active.allSatisfy({ $0.parameter.tensor.dtype == .float32 && $0.parameter.tensor.device == .cpu })
        else {
            scaler?.unscaleOnce(self)
            let norm = clipGradNorm(active.map(\.gradient), maxNorm: maxNorm).item()
            step()
            return norm
        }
        let updates = active.map { parameter, gradient, group in
            FusedUpdate(
                parameter: parameter.tensor, gradient: gradient, expAvg: kept("exp_avg", of: parameter),
                expAvgSq: kept("exp_avg_sq", of: parameter), step: kept("step", of: parameter, Self.noSteps),
                lr: group.learningRate, weightDecay: group.weightDecay, rows: parameter.rowGradient)
        }
        return fusedClipAdamW(updates, maxNorm: maxNorm, beta1: betas.0, beta2: betas.1, eps: epsilon)
    }
}
