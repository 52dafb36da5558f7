import SwiftletDistributed
import SwiftletIO
import SwiftletModels
import SwiftletTensor

extension TrainingRun {
    /// Tells processes apart at the start that would wait for each other later, or train past each other.
    ///
    /// - Throws: `ProcessError` that names what differs: the version, an argument, or the rows.
    static func requireSameStart(_ trainer: Trainer, _ examples: TokenizedExamples) throws {
        guard let group = trainer.accelerator.group else { return }
        try group.requireSame(
            "the version", "Swiftlet \(swiftletVersion) with libtorch \(torchVersion)",
            remedy: "Install the same on all machines.")
        let values = TrainingArgument.all.filter { !$0.traits.contains(.mayDifferBetweenProcesses) }
            .map { ($0.name, $0.value(in: trainer.args)) }
        let all = try group.allGather(
            text: JSONValue.object(JSONObject(values)).text(), as: "the comparison of training arguments")
        for (rank, text) in all.enumerated() where text != all[0] {
            let other = try JSONValue(parsing: text)
            let first = try JSONValue(parsing: all[0])
            for (name, value) in first.object ?? [:] where other[name] != value {
                throw ProcessError(
                    "the ranks differ in \(name): rank 0 has \(value.text()), rank \(rank) has "
                        + "\(other[name]?.text() ?? "none")",
                    remedy: "Start all with the same arguments.", kind: .mismatch, at: ErrorLocation(option: name))
            }
        }
        try group.requireSame(
            "the train dataset", examples.summary, remedy: "Give all the same files, and the same tokenizer.")
    }
}

extension TokenizedExamples {
    /// Differs where rows do.
    var summary: String {
        var crc = CRC32C()
        for row in rows {
            row.inputIDs.withUnsafeBytes { crc.update($0) }
            for number in row.label?.numbers ?? [] { withUnsafeBytes(of: number) { crc.update($0) } }
        }
        return "\(count) rows, checksum \(String(crc.value, radix: 16))"
    }
}

extension Accelerator {
    /// Sums of whole numbers over all processes.
    func sum(_ values: [Int]) throws -> [Int] {
        guard let group else { return values }
        let tensor = Tensor(values.map(Int64.init), shape: [values.count])
        try group.allReduce(tensor, as: "the counting of tokens")
        return tensor.ints()
    }

    /// The main process's bytes.
    func ofMain(_ bytes: [UInt8]) throws -> [UInt8] {
        guard let group else { return bytes }
        let tensor = bytes.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) }
        try group.broadcast([tensor], as: "the exchange of the epoch's random state")
        return tensor.withUnsafeBytes { [UInt8]($0) }
    }
}
