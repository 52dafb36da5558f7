import SwiftletIO
import SwiftletTensor

/// Which rows make each batch of each epoch.
struct TrainingBatches {
    let rows: [TokenizedExample]
    let countPerEpoch: Int
    private let size: Int
    private let dropsLast: Bool
    private let strategy: SamplingStrategy
    private let tokenBudget: Int?
    private let groupSize: Int
    private let seed: UInt64
    private let shards: BatchShards
    private let process: Int

    /// - Throws: `TrainingError` if a row alone is beyond the token budget.
    init(
        _ rows: [TokenizedExample], _ args: TrainingArguments, shards: BatchShards = BatchShards(processCount: 1),
        process: Int = 0
    ) throws(TrainingError) {
        self.shards = shards
        self.process = process
        self.rows = rows
        size = args.perDeviceTrainBatchSize
        dropsLast = args.dataloaderDropLast
        strategy = args.trainSamplingStrategy
        tokenBudget = args.maxTokensPerBatch
        groupSize = size * args.gradientAccumulationSteps
        seed = args.dataSeed ?? args.seed
        if let budget = args.maxTokensPerBatch {
            if let row = rows.firstIndex(where: { $0.inputIDs.count > budget }) {
                throw TrainingError(
                    "row \(row) of the train dataset has \(rows[row].inputIDs.count) tokens; max_tokens_per_batch is \(budget)",
                    remedy: "Raise it, or cut the texts with max_length.",
                    kind: .invalidData, at: ErrorLocation(row: row))
            }
            let all = Self.budgeted(Array(rows.indices), rows, budget).count
            countPerEpoch = shards.count(all, dropLast: dropsLast, of: process)
        } else {
            let all = dropsLast ? rows.count / size : (rows.count + size - 1) / size
            countPerEpoch = shards.count(all, dropLast: dropsLast, of: process)
        }
    }

    /// This process's batches of an epoch.
    ///
    /// - Parameter state: of the default generator when the epoch began; only grouping by length draws from it, as in
    ///   the reference. The generator itself stays as it is.
    func order(epoch: Int, drawingFrom state: [UInt8]) -> [[Int]] {
        shards.batches(
            wholeOrder(epoch: epoch, drawingFrom: state), batchSize: tokenBudget == nil ? size : nil,
            dropLast: dropsLast, of: process)
    }

    private func wholeOrder(epoch: Int, drawingFrom state: [UInt8]) -> [[Int]] {
        if let tokenBudget {
            let generator = Generator(seed: seed &+ UInt64(epoch))
            let shuffled = Tensor.randperm(rows.count, generator: generator).ints()
            let batches = Self.budgeted(shuffled, rows, tokenBudget)
            return Tensor.randperm(batches.count, generator: generator).ints().map { batches[$0] }
        }
        let order: [Int]
        switch strategy {
        case .sequential: order = Array(rows.indices)
        // The permutation of accelerate's SeedableRandomSampler, which leaves the default generator alone.
        case .random: order = Tensor.randperm(rows.count, generator: Generator(seed: seed &+ UInt64(epoch))).ints()
        case .groupByLength:
            let now = Generator.default.state
            Generator.default.state = state
            _ = Generator.default.randomInt64()
            order = groupedByLength(Tensor.randperm(rows.count).ints())
            Generator.default.state = now
        }
        return batches(of: order, size: size, dropLast: dropsLast)
    }

    /// Draws from the default generator what making an epoch's order draws in the reference.
    func drawOrder() {
        if strategy == .groupByLength, tokenBudget == nil { _ = Tensor.randperm(rows.count) }
    }

    /// As `transformers.trainer_pt_utils.get_length_grouped_indices`: groups of up to 50 updates, each with its longest
    /// rows first, and the longest row of all at the very beginning, so that memory runs out at once or never.
    private func groupedByLength(_ permutation: [Int]) -> [Int] {
        let multiple = max(min(rows.count / (groupSize * 4), 50), 1)
        var groups = batches(of: permutation, size: multiple * groupSize).map { group in
            // Stable, as Python's sort.
            group.enumerated().sorted {
                let (first, second) = (rows[$0.element].inputIDs.count, rows[$1.element].inputIDs.count)
                return first == second ? $0.offset < $1.offset : first > second
            }.map(\.element)
        }
        let longest = groups.indices.max { first, second in
            let (a, b) = (rows[groups[first][0]].inputIDs.count, rows[groups[second][0]].inputIDs.count)
            return a == b ? first > second : a < b
        }
        if let longest {
            let row = groups[longest][0]
            groups[longest][0] = groups[0][0]
            groups[0][0] = row
        }
        return groups.flatMap(\.self)
    }

    /// Batches of like lengths whose padded size is within a number of tokens. Their number depends on the lengths
    /// alone, not on the order in which rows of one length come.
    private static func budgeted(_ order: [Int], _ rows: [TokenizedExample], _ budget: Int) -> [[Int]] {
        let sorted = order.enumerated().sorted {
            let (first, second) = (rows[$0.element].inputIDs.count, rows[$1.element].inputIDs.count)
            return first == second ? $0.offset < $1.offset : first > second
        }.map(\.element)
        var (batches, batch) = ([[Int]](), [Int]())
        for row in sorted {
            let longest = batch.first.map { rows[$0].inputIDs.count } ?? 0
            if !batch.isEmpty, longest * (batch.count + 1) > budget {
                batches.append(batch)
                batch = []
            }
            batch.append(row)
        }
        if !batch.isEmpty { batches.append(batch) }
        return batches
    }
}

/// Slices of an order; the last one may be short.
func batches(of order: [Int], size: Int, dropLast: Bool = false) -> [[Int]] {
    stride(from: 0, to: order.count, by: size).compactMap { start in
        let end = min(start + size, order.count)
        return dropLast && end - start < size ? nil : Array(order[start..<end])
    }
}
