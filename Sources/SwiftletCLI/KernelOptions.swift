import ArgumentParser
import Swiftlet

/// The choice of implementation, which every command that runs a model has.
struct KernelOptions: ParsableArguments {
    @Option(
        help: "fused: kernels without padding; reference: libtorch's operations in Python's order, for its numbers.")
    var kernels = Kernels.fused
    @Flag(help: "Stay on the CPU, also where there is a GPU.") var useCpu = false

    /// Where a model is to run that no Trainer moves.
    var device: Device { !useCpu && Device.isCUDAAvailable ? .cuda() : .cpu }

    func apply(to args: inout TrainingArguments) {
        args.kernels = kernels
        args.useCPU = useCpu
    }
}
