import SwiftletNN
import SwiftletTensor

/// A convolution over the embeddings of neighbouring tokens, added to the first layer's output and normalized.
struct DebertaV2Convolution {
    /// `[hidden, hidden / groups, positions]`
    let weight: Parameter
    let bias: Parameter
    let norm: LayerNorm
    let dropout: Dropout
    let settings: DebertaConfig.Convolution

    init(_ config: DebertaConfig, _ settings: DebertaConfig.Convolution, in scope: Scope) {
        let width = config.hiddenSize
        weight = (scope / "conv").parameter(
            "weight", [width, width / settings.groupCount, settings.kernelSize],
            .normal(standardDeviation: scope.initializerRange))
        bias = (scope / "conv").parameter("bias", [width], .zeros)
        norm = LayerNorm(width, epsilon: config.layerNormEpsilon, in: scope / "LayerNorm")
        dropout = Dropout(config.hiddenDropout, in: scope)
        self.settings = settings
    }

    /// - Parameters:
    ///   - x: the embeddings, zero for padding, `[batch, sequence, hidden]` or, packed, `[tokens, hidden]`
    ///   - residual: the first layer's output
    func callAsFunction(_ x: Tensor, residual: Tensor, layout: DebertaLayout) -> Tensor {
        guard let neighbours = layout.neighbours else { return residual }
        let width = weight.shape[0]
        let tokens = x.reshape([-1, width])
        let rows = Tensor.cat([tokens, Tensor.zeros([1, width], dtype: x.dtype).to(x.device)], 0)
        // [tokens, hidden] of each place of the kernel
        let positions = (0..<settings.kernelSize).map { rows.indexSelect(0, neighbours[$0]) }
        let (inputs, outputs) = (weight.shape[1], width / settings.groupCount)
        let groups = (0..<settings.groupCount).map { group in
            let seen = positions.map { $0.narrow(1, group * inputs, inputs) }
            // Inputs of the first position, then of the second, ...
            let part = weight.tensor.narrow(0, group * outputs, outputs).permute([0, 2, 1])
            return F.linear(Tensor.cat(seen, 1), part.reshape([outputs, settings.kernelSize * inputs]))
        }
        var sum = (Tensor.cat(groups, 1) + bias.tensor).reshape(residual.shape)
        if let mask = layout.mask { sum = sum.maskedFill(mask.eq(0), 0) }
        let output = norm(residual + settings.activation(dropout(sum)))
        return layout.mask.map { output * $0 } ?? output
    }
}
