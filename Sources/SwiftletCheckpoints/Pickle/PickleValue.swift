import SwiftletTensor

/// What a pickle of tensors may hold. Containers are numbers into the reader's own lists, so that no pickle can build a
/// cycle or a nesting too deep to free.
enum PickleValue {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case tuple(Int)
    case list(Int)
    case dict(Int)
    case function(PickleFunction)
    case storage(PickleStorage)
    case tensor(PickleTensor)
}

/// The only names that a pickle may import. None of them is called: each stands for what it would make.
enum PickleFunction: Equatable {
    case orderedDict, rebuildTensor, rebuildParameter
    case storageType(DType)

    init?(module: String, name: String) {
        let storages: [String: DType] = [
            "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
            "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
            "ByteStorage": .uint8, "BoolStorage": .bool,
        ]
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        default:
            guard module == "torch", let dtype = storages[name] else { return nil }
            self = .storageType(dtype)
        }
    }

    /// Whether PyTorch itself imports it, for tensors of types and layouts that are not read: complex, quantized, sparse,
    /// 8-bit floating point. There is no harm in them.
    static func isOfOtherTensors(module: String, name: String) -> Bool {
        switch (module, name) {
        case ("torch._utils", _): name.hasPrefix("_rebuild_")
        case ("torch", "Size"), ("torch", "device"), ("torch.serialization", "_get_layout"): true
        case ("torch.storage", "UntypedStorage"), ("torch.storage", "TypedStorage"): true
        case ("torch", _):
            name.hasSuffix("Storage")
                || ["float8_", "float4_", "uint", "complex", "q", "per_"].contains { name.hasPrefix($0) }
        default: false
        }
    }
}

/// The bytes of one or several tensors: an entry of the archive, or a part of one.
struct PickleStorage {
    var dtype: DType
    var key: String
    /// Elements of the whole entry.
    var count: Int
    /// The elements of it that tensors see, if not all: only files from before PyTorch 1.6 have parts.
    var part: Range<Int>?
}

/// A view of a storage. Nothing of it is checked against the storage yet.
struct PickleTensor {
    var storage: PickleStorage
    var offset: Int
    var shape: [Int]
    var strides: [Int]
    /// Whether the values have the other sign: a lazy negation that was saved as it was.
    var isNegated = false
}
