public import SwiftletTensor

/// How attention is computed; the values of Python's `attn_implementation` that make sense here.
public enum AttentionImplementation: String, Sendable, CaseIterable {
    /// A product, a softmax and a product, one after the other. Slower, and the only one that gives attention weights.
    case eager
    /// libtorch's scaled dot-product attention.
    case sdpa
}

/// What the numbers of linear layers are rounded to for their products.
public enum Quantization: String, Sendable, CaseIterable {
    /// 8-bit integers, weights with a scale an output and activations with a scale a row; see `int8Products`.
    case int8
}

/// How a model executes: a value, apart from the parameters that it executes with.
public struct ExecutionPolicy: Sendable, Equatable {
    /// `true` switches dropout on. Models begin in evaluation mode, as those of `from_pretrained` do.
    public var isTraining = false
    /// The implementation that the model runs with; `nil` means `Kernels.default`.
    public var kernels: Kernels?
    /// How attention is computed; `nil` means by the fused kernels where they run, else as Python does by default.
    public var attention: AttentionImplementation?
    /// Whether outputs hold the attention weights. Needs padded inputs; runs eagerly.
    public var outputsAttentions = false
    /// Set by an accelerator: forward passes run with matrix products and the like in this type.
    public var autocastDType: DType?
    /// Linear layers multiply in smaller integers; `nil` is float32. In evaluation on the CPU only.
    public var quantization: Quantization?
    /// Layers keep their input only and are computed again in the backward pass: less memory, more time. In training.
    public var recomputesActivations = false
    /// Strength of the noise on token embeddings in training (NEFTune); `nil` is none.
    public var neftuneAlpha: Double?

    /// As models are made: the fastest kernels of the machine, evaluation mode, no attention weights kept.
    public init() {}

    /// Attention weights exist in eager attention only.
    public var isAttentionEager: Bool { outputsAttentions || attention == .eager }

    /// Whether activations are computed again in the backward pass of the next forward pass.
    public var recomputesNow: Bool { isTraining && recomputesActivations }

    /// Whether a pass runs on the fused kernels. They are for float32 on the CPU, with products in bfloat16 under
    /// `autocast`; anything else, and what works between the operations that they join, runs on libtorch's.
    ///
    /// - Parameter autocastDType: what is in force during the pass
    public func runsFused(dtype: DType, device: Device, autocastDType: DType?) -> Bool {
        (kernels ?? .default) == .fused && device == .cpu && dtype == .float32
            && [nil, .bfloat16].contains(autocastDType) && attention == nil && !outputsAttentions
            && !recomputesNow && !(isTraining && neftuneAlpha != nil)
    }

    /// Whether linear layers that no fused function has run on the kernels' products: where the fused kernels are chosen,
    /// also for what keeps a pass off them. Not where activations are computed again, by libtorch and with its rounding.
    public var hasOwnLinearLayers: Bool { (kernels ?? .default) == .fused && !recomputesNow }

    /// Whether a pass on packed tokens runs in libtorch's kernels for them on a GPU, where the model's attention can: the
    /// results are those of padded tokens to rounding, and dropout draws other masks.
    public func runsPackedOnGPU(device: Device) -> Bool {
        (kernels ?? .default) == .fused && device.isCUDA && attention == nil && !outputsAttentions
            && !(isTraining && neftuneAlpha != nil)
    }
}
