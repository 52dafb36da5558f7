import CTorchInterface
import SwiftletIO

/// Where a tensor's elements lie and its operations run.
public struct Device: Sendable, Hashable, CustomStringConvertible {
    enum Kind: Sendable, Hashable { case cpu, cuda, mps }
    let kind: Kind
    let index: Int

    /// The processor and the machine's memory.
    public static let cpu = Device(kind: .cpu, index: 0)
    /// Apple's Metal.
    public static let mps = Device(kind: .mps, index: 0)
    /// An NVIDIA GPU, by its number from 0.
    public static func cuda(_ index: Int = 0) -> Device { Device(kind: .cuda, index: index) }

    init(kind: Kind, index: Int) {
        self.kind = kind
        self.index = index
    }

    /// Reads "cpu", "mps", "cuda" or "cuda:1". Whether the device is there is not asked.
    public init(parsing text: String) throws(TensorError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("cpu", 1): self = .cpu
        case ("mps", 1): self = .mps
        case ("cuda", 1): self = .cuda()
        case ("cuda", 2):
            // An index takes one signed byte in libtorch.
            guard parts[1].allSatisfy(\.isASCII), let index = Int8(parts[1]), index >= 0 else { fallthrough }
            self = .cuda(Int(index))
        default:
            throw TensorError(
                "'\(text)' is no device", remedy: "Use cpu, cuda, cuda:<number> or mps.", kind: .noDevice,
                at: ErrorLocation(option: "device"))
        }
    }

    /// As PyTorch writes it: "cpu", "cuda:0", "mps:0".
    public var description: String {
        switch kind {
        case .cpu: "cpu"
        case .cuda: "cuda:\(index)"
        case .mps: "mps:\(index)"
        }
    }

    /// Whether this is an NVIDIA GPU.
    public var isCUDA: Bool { kind == .cuda }

    /// Whether this libtorch is a CUDA build and finds a GPU.
    public static var isCUDAAvailable: Bool { ct_cuda_available() }
    /// GPUs that this libtorch finds; 0 where `isCUDAAvailable` is false.
    public static var cudaCount: Int { Int(ct_cuda_count()) }
    /// Whether this machine has a GPU of Apple's that libtorch can use.
    public static var isMPSAvailable: Bool { ct_mps_available() }

    var code: ct_device {
        let type =
            switch kind {
            case .cpu: CT_CPU
            case .cuda: CT_CUDA
            case .mps: CT_MPS
            }
        return ct_device(type: Int32(type.rawValue), index: Int32(index))
    }

    init?(code: ct_device) {
        let index = Int(code.index)
        switch code.type {
        case Int32(CT_CPU.rawValue): self = .cpu
        case Int32(CT_CUDA.rawValue): self = .cuda(index)
        case Int32(CT_MPS.rawValue): self = Device(kind: .mps, index: index)
        default: return nil
        }
    }
}
