import SwiftletDistributed
import SwiftletIO
public import SwiftletTensor

extension Accelerator {
    /// The rows of a tensor on all processes, one process after the other; a single number becomes a row.
    ///
    /// - Throws: `TrainingError` where shapes differ beyond the first dimension.
    public func gather(_ tensor: Tensor) throws -> Tensor {
        try checkShards()
        let rows = tensor.rank == 0 ? tensor.reshape([1]) : tensor
        guard let group else { return rows.detach() }
        let shapes = try group.allGather(text: "\(rows.shape.dropFirst())", as: "the gathering of shapes")
        if let other = shapes.firstIndex(where: { $0 != shapes[0] }) {
            throw TrainingError(
                "rows to gather have shape \(shapes[0]) on process 0 and \(shapes[other]) on process \(other)",
                remedy: "Call padAcrossProcesses(_:dim:) before.", kind: .invalidArgument,
                at: ErrorLocation(option: "tensor"))
        }
        return Tensor.cat(try group.allGatherRows(rows, as: "the gathering of results"), 0)
    }

    /// The rows of all processes in their order, without the repeated ones that fill up the last round of an epoch: for
    /// metrics.
    ///
    /// - Throws: `TrainingError` for rows of different shapes, `ProcessError` if a process fails.
    public func gatherForMetrics(_ tensor: Tensor) throws -> Tensor {
        let all = try gather(tensor)
        guard gradientState.endOfLoader, let remainder = gradientState.remainder, remainder > 0 else { return all }
        return all.narrow(0, 0, min(remainder, all.shape[0]))
    }

    /// The predictions and labels of all processes in their order, without the repeated ones that fill up the last
    /// round of an epoch.
    ///
    /// - Throws: `TrainingError` for rows of different shapes, `ProcessError` if a process fails.
    public func gatherForMetrics(_ predictions: Tensor, _ labels: Tensor?) throws -> (
        predictions: Tensor, labels: Tensor?
    ) {
        (try gatherForMetrics(predictions), try labels.map { try gatherForMetrics($0) })
    }

    /// How values of several processes become one.
    public enum Reduction: String, Sendable {
        /// The sum over all processes.
        case sum
        /// The sum divided by the number of processes.
        case mean
    }

    /// The sum or mean of a tensor over all processes, times `scale`.
    public func reduce(_ tensor: Tensor, _ reduction: Reduction = .sum, scale: Double = 1) throws -> Tensor {
        try checkShards()
        let result = tensor.detach().contiguous().clone()
        try group?.allReduce(result, as: "the reduction of results")
        let divisor = reduction == .mean ? Double(numProcesses) : 1
        return scale == 1 && divisor == 1 ? result : result * (scale / divisor)
    }

    /// The tensor with a dimension filled up to the longest of all processes.
    public func padAcrossProcesses(
        _ tensor: Tensor, dim: Int = 0, padIndex: Double = 0, padFirst: Bool = false
    ) throws -> Tensor {
        guard let group, dim < tensor.rank, dim >= -tensor.rank else { return tensor }
        let dim = dim < 0 ? dim + tensor.rank : dim
        let length = tensor.shape[dim]
        let longest = Tensor([Int64(length)], shape: [1])
        try group.allReduce(longest, .max, as: "the comparison of lengths")
        let missing = longest.ints()[0] - length
        guard missing > 0 else { return tensor }
        var shape = tensor.shape
        shape[dim] = missing
        let filler = Tensor.full(shape, padIndex, dtype: tensor.dtype, device: tensor.device)
        return Tensor.cat(padFirst ? [filler, tensor] : [tensor, filler], dim)
    }

    /// Waits until every process has come here.
    public func waitForEveryone() throws { try group?.barrier("waitForEveryone") }

    /// Runs `body` on the main process, and then on the others: for what is made once and found by the rest, such as a
    /// cache of tokenized rows.
    public func mainProcessFirst<Result>(_ body: () throws -> Result) throws -> Result {
        guard let group else { return try body() }
        if !isMainProcess { try group.barrier("mainProcessFirst") }
        do {
            let result = try body()
            if isMainProcess { try group.barrier("mainProcessFirst") }
            return result
        } catch {
            // Otherwise the rest would wait for what will never come.
            group.announceFailure("\(error)")
            throw error
        }
    }

    /// Prints once a machine.
    public func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {
        guard isLocalMainProcess else { return }
        Swift.print(items.map { "\($0)" }.joined(separator: separator), terminator: terminator)
    }

    /// This process's share of some values, as `split_between_processes`: neighbours stay together.
    public func splitBetweenProcesses<Value>(_ values: [Value]) -> [Value] {
        let (each, more) = values.count.quotientAndRemainder(dividingBy: numProcesses)
        let start = processIndex * each + min(processIndex, more)
        return Array(values[start..<start + each + (processIndex < more ? 1 : 0)])
    }

    /// Says goodbye to the other processes; at the end of the program.
    public func endTraining() { group?.close() }
}
