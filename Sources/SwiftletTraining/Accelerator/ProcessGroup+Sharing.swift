import SwiftletDistributed
import SwiftletIO
import SwiftletTensor

extension ProcessGroup {
    /// A text that one process makes for all. If that fails, it fails on all, with the same message.
    func shared(by owner: Int = 0, text make: () throws -> String) throws -> String {
        var (text, failure) = ("", (any Error)?.none)
        if rank == owner {
            do { text = "+" + (try make()) } catch {
                failure = error
                text = "-\(error)"
            }
        }
        let all = try allGather(text: text, as: "the exchange of what process \(owner) has done")
        if let failure { throw failure }
        guard all[owner].hasPrefix("+") else {
            throw TrainingError(
                "process \(owner) failed: \(all[owner].dropFirst())", remedy: "Look at the messages of that process.",
                kind: .invalidArgument)
        }
        return String(all[owner].dropFirst())
    }

    /// Tensors that one process has for all.
    func shared(
        by owner: Int = 0, tensors make: () throws -> [(name: String, tensor: Tensor)]
    ) throws -> [(name: String, tensor: Tensor)] {
        var own: [(name: String, tensor: Tensor)] = []
        let list = try shared(
            by: owner,
            text: {
                // A broadcast writes to the sender's tensors too, and those of a file are not to be written to.
                own = try make().map { (name: $0.name, tensor: $0.tensor.detach().to(.cpu).contiguous().clone()) }
                let entries = own.map { entry -> JSONValue in
                    [
                        "name": .string(entry.name), "dtype": .string(entry.tensor.dtype.safetensorsName),
                        "shape": .array(entry.tensor.shape.map { .int($0) }),
                    ]
                }
                return JSONValue.array(entries).text()
            })
        if rank != owner {
            own =
                try (try JSONValue(parsing: list)).array?.map { entry in
                    guard let name = entry["name"]?.string,
                        let dtype = entry["dtype"]?.string.flatMap(DType.init(safetensorsName:)),
                        let shape = entry["shape"]?.array?.compactMap(\.int)
                    else {
                        throw TrainingError(
                            "process \(owner) sent a list of tensors that makes no sense",
                            remedy: "Run the same version of the program on all processes.", kind: .invalidData)
                    }
                    return (name: name, tensor: .empty(shape, dtype: dtype))
                } ?? []
        }
        try broadcast(own.map(\.tensor), from: owner, as: "the exchange of tensors of process \(owner)")
        return own
    }
}

/// A short text that differs where a long one does.
func checksum(_ text: String) -> String {
    var crc = CRC32C()
    crc.update(Array(text.utf8))
    return String(crc.value, radix: 16)
}
