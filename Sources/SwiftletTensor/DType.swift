import CTorch

/// The type of a tensor's elements.
public enum DType: Sendable, CaseIterable {
    case float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool

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
