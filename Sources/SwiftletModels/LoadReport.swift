/// How the tensors of a checkpoint met the parameters of a model.
public struct LoadReport: Sendable, CustomStringConvertible {
    /// The model's class in Python, such as `BertForSequenceClassification`.
    public let architecture: String
    /// The folder that was read.
    public let path: String
    /// Parameters that the file does not have: freshly initialized.
    public var missing: [String] = []
    /// Tensors of the file that the model has no place for: not used.
    public var unexpected: [String] = []
    /// Parameters whose shape differs: freshly initialized.
    public var mismatched: [(name: String, inFile: [Int], inModel: [Int])] = []
    /// Parameters that have their values from the file.
    public var loadedCount = 0

    /// Whether the file has exactly the model's parameters.
    public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

    public var description: String {
        var lines = ["\(architecture) from \(path): \(loadedCount) tensors loaded"]
        if !missing.isEmpty {
            lines.append("  new, initialized now: \(missing.joined(separator: ", "))")
            lines.append("  Train the model before you use its predictions.")
        }
        for (name, inFile, inModel) in mismatched {
            lines.append("  new, because its shape is \(inModel) and the file has \(inFile): \(name)")
        }
        if !unexpected.isEmpty { lines.append("  in the file, not used: \(unexpected.joined(separator: ", "))") }
        return lines.joined(separator: "\n")
    }
}
