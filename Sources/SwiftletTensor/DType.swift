import CTorchInterface

/// The type of a tensor's elements.
public enum DType: Sendable, CaseIterable {
    /// IEEE 754, 4 bytes: what models compute in by default.
    case float32
    /// IEEE 754, 8 bytes.
    case float64
    /// IEEE 754, 2 bytes: 11 bits of precision, up to 65504.
    case float16
    /// The upper half of a float32: 8 bits of precision, with the same range.
    case bfloat16
    /// Signed, 8 bytes: ids and labels.
    case int64
    /// Signed, 4 bytes.
    case int32
    /// Signed, 2 bytes.
    case int16
    /// Signed, 1 byte.
    case int8
    /// Unsigned, 1 byte.
    case uint8
    /// 1 byte, 0 or 1.
    case bool

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// As PyTorch writes it, such as "float32".
    public var name: String { "\(self)" }

    /// Whether elements are floating-point numbers, which gradients need.
    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .float64, .float16, .bfloat16: true
        default: false
        }
    }

    /// As safetensors files write it, such as "F32".
    public var safetensorsName: String {
        switch self {
        case .float32: "F32"
        case .float64: "F64"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .int64: "I64"
        case .int32: "I32"
        case .int16: "I16"
        case .int8: "I8"
        case .uint8: "U8"
        case .bool: "BOOL"
        }
    }

    /// The type that a safetensors file calls so; `nil` for one that is not read.
    public init?(safetensorsName name: String) {
        guard let known = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
        self = known
    }

    var code: Int32 {
        let code =
            switch self {
            case .float32: CT_FLOAT32
            case .float64: CT_FLOAT64
            case .float16: CT_FLOAT16
            case .bfloat16: CT_BFLOAT16
            case .int64: CT_INT64
            case .int32: CT_INT32
            case .int16: CT_INT16
            case .int8: CT_INT8
            case .uint8: CT_UINT8
            case .bool: CT_BOOL
            }
        return Int32(code.rawValue)
    }

    init?(code: Int32) {
        guard let known = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = known
    }
}
