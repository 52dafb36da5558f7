import ArgumentParser
import Swiftlet

/// The choice of implementation, which every command that runs a model has.
struct KernelOptions: ParsableArguments {
    @Option(
        help: "fused: CPU kernels without padding; reference: libtorch's operations in Python's order, for its numbers.")
    var kernels = Kernels.fused
}
