/// Deals the batches of an epoch out to processes, as accelerate's `BatchSamplerShard` does.
public struct BatchShards: Sendable, Equatable {
    /// Processes that share the batches.
    public var processCount: Int
    /// Each batch is cut into one piece a process; otherwise processes take whole batches in turn.
    public var splitBatches = false
    /// Rows from the beginning of the epoch fill up what is missing, so that every process gets the same number of
    /// full batches.
    public var evenBatches = true

    /// - Parameters:
    ///   - processCount: processes that share the batches.
    ///   - splitBatches: whether each batch is shared out, instead of every process getting one of the size given.
    ///   - evenBatches: whether a rest is filled up with rows from the beginning, so that all get as many.
    public init(processCount: Int, splitBatches: Bool = false, evenBatches: Bool = true) {
        self.processCount = processCount
        self.splitBatches = splitBatches
        self.evenBatches = evenBatches
    }

    /// The batches of one process.
    ///
    /// - Parameters:
    ///   - batches: of the whole epoch, the same on every process.
    ///   - batchSize: of a full batch. `nil` where sizes vary by design: then whole batches are repeated, not rows.
    ///   - dropLast: leaves out what does not go round.
    public func batches<Row>(_ batches: [[Row]], batchSize: Int?, dropLast: Bool, of process: Int) -> [[Row]] {
        if processCount == 1 { return batches }
        guard let batchSize else { return whole(batches, dropLast: dropLast, of: process) }
        return splitBatches
            ? split(batches, batchSize, dropLast: dropLast, of: process)
            : turns(batches, batchSize, dropLast: dropLast, of: process)
    }

    /// Batches of one process, before any is made.
    public func count(_ total: Int, dropLast: Bool, of process: Int) -> Int {
        if splitBatches { return total }
        let (whole, rest) = total.quotientAndRemainder(dividingBy: processCount)
        if rest == 0 || dropLast { return whole }
        return whole + (evenBatches || process < rest ? 1 : 0)
    }

    private func turns<Row>(_ batches: [[Row]], _ batchSize: Int, dropLast: Bool, of process: Int) -> [[Row]] {
        let rounds = stride(from: 0, to: batches.count, by: processCount).map { start in
            batches[start..<min(start + processCount, batches.count)]
        }
        var own: [[Row]] = []
        for round in rounds {
            // Only the last round can lack batches, or have a short one.
            if round.count == processCount, round.last?.count == batchSize {
                own.append(round[round.startIndex + process])
                continue
            }
            if dropLast { break }
            guard evenBatches else {
                if process < round.count { own.append(round[round.startIndex + process]) }
                break
            }
            let rows = filled(round.flatMap(\.self), to: processCount * batchSize, from: batches.prefix(processCount))
            own.append(Array(rows[process * batchSize..<(process + 1) * batchSize]))
        }
        return own
    }

    private func split<Row>(_ batches: [[Row]], _ batchSize: Int, dropLast: Bool, of process: Int) -> [[Row]] {
        let piece = batchSize / processCount
        return batches.compactMap { batch in
            var rows = batch
            if rows.count < batchSize {
                if dropLast { return nil }
                if evenBatches {
                    rows = filled(rows, to: batchSize, from: batches.prefix(1))
                } else if rows.count <= piece * process {
                    return nil
                }
            }
            return Array(rows[piece * process..<min(piece * (process + 1), rows.count)])
        }
    }

    private func whole<Row>(_ batches: [[Row]], dropLast: Bool, of process: Int) -> [[Row]] {
        var all = batches
        let rest = batches.count % processCount
        if rest > 0 {
            if dropLast {
                all.removeLast(rest)
            } else if evenBatches {
                all = filled(
                    batches, to: batches.count + processCount - rest, from: [Array(batches.prefix(processCount))])
            }
        }
        return stride(from: process, to: all.count, by: processCount).map { all[$0] }
    }

    /// Rows, and after them the first of the epoch, over and over.
    private func filled<Row>(_ rows: [Row], to count: Int, from first: ArraySlice<[Row]>) -> [Row] {
        let again = first.flatMap(\.self)
        guard !again.isEmpty else { return rows }
        return rows + (0..<count - rows.count).map { again[$0 % again.count] }
    }
}
