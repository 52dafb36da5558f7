import CTorchInterface

/// The memory of tensors on the CPU. Buffers that become free are kept for tensors to come: up to 512 MB, or as much as is
/// in use. On macOS the system's allocator does this, and all figures are 0.
public enum TensorMemory {
    /// Bytes kept for tensors, in use or not; tensors of less than 16 kB and those on the pages of files not counted.
    public static var keptBytes: Int { ct_memory_kept().total }

    /// Those of them in use.
    public static var usedBytes: Int { ct_memory_kept().used }

    /// Gives what is not in use back to the system, such as after a training in a program that goes on.
    public static func releaseUnused() { ct_memory_release() }
}
