import SwiftletIO
public import SwiftletTensor

/// Positions as rotations of queries and keys: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding",
/// 2021. A head's first half is rotated with its second half, as in most models since.
public struct RotaryEmbedding: Sendable, Hashable {
    /// Values of a head; even.
    public let width: Int
    /// Base of the wavelengths, `rope_theta`.
    public let base: Double
    /// What positions are divided by, to stretch the range that a model was trained on.
    public let factor: Double

    /// - Parameters:
    ///   - width: values of a head, an even number.
    ///   - base: of the angles' falling frequencies, such as 10,000.
    ///   - factor: what positions are divided by, for longer sequences than the model was trained on.
    public init(width: Int, base: Double, factor: Double = 1) {
        self.width = width
        self.base = base
        self.factor = factor
    }

    /// Reads `rope_parameters`, or `rope_theta` and `rope_scaling` of older files.
    ///
    /// - Parameters:
    ///   - width: values of a head
    ///   - base: where the configuration gives none
    /// - Throws: `ModelError` naming the field for an odd width, a base that is none, and types other than `default` and
    ///   `linear`.
    public init(_ config: ModelConfig, width: Int, defaultBase base: Double) throws {
        let outer = try config.double("rope_theta", default: base)
        let key = config.json["rope_scaling"]?.isNull == false ? "rope_scaling" : "rope_parameters"
        try self.init(config, key: key, value: config.json[key], width: width, defaultBase: outer)
    }

    /// Reads one set of parameters.
    init(_ config: ModelConfig, key: String, value: JSONValue?, width: Int, defaultBase: Double) throws {
        guard width > 0, width % 2 == 0 else {
            throw ModelError(
                "heads of \(width) values, as 'hidden_size' and 'num_attention_heads' in '\(config.path)' make them, can't be rotated",
                remedy: "The number must be even.", kind: .configuration, at: config.location("hidden_size"))
        }
        var fields = JSONObject()
        if let value, !value.isNull {
            guard let object = value.object else {
                throw ModelError(
                    "'\(key)' in '\(config.path)' is \(value.kind), not an object",
                    remedy: ModelError.correctConfiguration, kind: .configuration, at: config.location(key))
            }
            fields = object
        }
        let parameters = ModelConfig(fields, at: key, of: config)
        let type = try parameters.string(fields["rope_type"] == nil ? "type" : "rope_type", default: "default")
        guard type == "default" || type == "linear" else {
            throw ModelError(
                "'rope_type' '\(type)' in '\(parameters.path)' is not implemented",
                remedy: "Known are default and linear.", kind: .configuration, at: parameters.location("rope_type"))
        }
        let positive = Double.leastNormalMagnitude ... .greatestFiniteMagnitude
        base = try parameters.double("rope_theta", default: defaultBase, in: positive)
        factor = type == "linear" ? try parameters.double("factor", default: nil, in: positive) : 1
        self.width = width
    }

    /// The rotations of positions, int64 or int32 of any shape.
    ///
    /// - Parameters:
    ///   - shape: that the rotations have before the last dimension, so that they fit what is rotated
    ///   - dtype: the model's
    public func rotation(_ positions: Tensor, shape: [Int], dtype: DType) -> Rotation {
        // float32 throughout, as in Python: a rounding of these numbers is part of the model.
        let exponents = (Tensor.arange(width / 2) * 2).to(.float32) / width
        let wavelengths = Tensor([Float(base)], shape: [1]).pow(exponents)
        let frequencies = (factor == 1 ? 1.0 / wavelengths : 1.0 / wavelengths / factor).to(positions.device)
        let angles = positions.reshape([-1, 1]).to(.float32) * frequencies
        let both = Tensor.cat([angles, angles], -1)
        return Rotation(
            cosine: both.cos().to(dtype).view(shape + [width]), sine: both.sin().to(dtype).view(shape + [width]))
    }
}

/// Rotations of given positions.
public struct Rotation {
    let cosine: Tensor
    let sine: Tensor

    /// Turns each pair of values, of which one lies in the first half of a head and one in the second. Computed in
    /// float32, or float64 for float64.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let precise = x.dtype == .float64 ? x : x.to(.float32)
        let half = (x.shape.last ?? 0) / 2
        let turned = Tensor.cat([-precise.narrow(-1, half, half), precise.narrow(-1, 0, half)], -1)
        return (precise * cosine + turned * sine).to(x.dtype)
    }
}
