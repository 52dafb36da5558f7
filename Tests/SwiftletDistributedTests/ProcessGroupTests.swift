import Foundation
import SwiftletDistributed
import SwiftletIO
import SwiftletTensor
import Synchronization
import Testing

/// Runs `body` on some ranks at once, each a thread of this process that meets the others in a store of its own.
/// The usual timeout leaves room for name servers: c10d asks them for the names of addresses, and its store answers nobody
/// meanwhile. One question may take ten seconds where they are slow.
func onRanks<Value: Sendable>(
    _ size: Int, timeout: Duration = .seconds(60), claimedSizes: [Int]? = nil,
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) async throws -> [Result<Value, any Error>] {
    let store = try SharedStore(host: "127.0.0.1", port: 0, serves: true)
    let results = Mutex([Int: Result<Value, any Error>]())
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        for rank in 0..<size {
            var environment = ProcessEnvironment()
            (environment.rank, environment.size, environment.masterPort) = (
                rank, claimedSizes?[rank] ?? size, store.port
            )
            environment.launcherKeepsStore = true
            Thread.detachNewThread { [environment] in
                let result = Result {
                    let group = try ProcessGroup(environment, timeout: timeout)
                    defer { group.close() }
                    return try body(group)
                }
                let isLast = results.withLock {
                    $0[rank] = result
                    return $0.count == size
                }
                if isLast { continuation.resume() }
            }
        }
    }
    return withExtendedLifetime(store) {
        results.withLock { known in (0..<size).map { known[$0] ?? .failure(ProcessError("rank \($0) gave nothing")) } }
    }
}

@Suite struct ProcessGroupTests {
    @Test(arguments: [2, 3]) func `collective operations`(size: Int) async throws {
        let results = try await onRanks(size) { group -> [[Double]] in
            let rank = Double(group.rank)
            let sum = Tensor([Float(rank), 1], shape: [2])
            try group.allReduce(sum)
            let most = Tensor([Float(rank)], shape: [1])
            try group.allReduce(most, .max)
            let received = [Tensor([Float(rank)], shape: [1]), Tensor([Float(rank + 10)], shape: [1])]
            try group.broadcast(received, from: 1)
            let gathered = try group.allGather(Tensor([Float(rank * 2)], shape: [1]))
            // Rank 0 has no rows, rank 1 one, rank 2 two.
            let rows = try group.allGatherRows(Tensor.full([group.rank, 2], rank, dtype: .float32))
            let texts = try group.allGather(text: String(repeating: "x", count: group.rank))
            try group.barrier("the test's barrier")
            return [
                sum.doubles(), most.doubles(), received.flatMap { $0.doubles() }, gathered.flatMap { $0.doubles() },
                rows.map { Double($0.shape[0]) }, rows.flatMap { $0.doubles() }, texts.map { Double($0.count) },
            ]
        }
        let ranks = (0..<size).map(Double.init)
        let sum: [Double] = [ranks.reduce(0, +), Double(size)]
        let rows: [Double] = ranks.flatMap { [Double](repeating: $0, count: 2 * Int($0)) }
        let expected: [[Double]] = [sum, [Double(size - 1)], [1, 11], ranks.map { $0 * 2 }, ranks, rows, ranks]
        for result in results { #expect(try result.get() == expected) }
    }

    @Test func `gradients are the mean of all ranks`() async throws {
        // loss = rank-th row times weights: its gradient is the row.
        let rows: [[Float]] = [[1, 2, 3], [5, 7, 9], [3, 3, 3]]
        let results = try await onRanks(3) { group -> [[Double]] in
            let weights = Tensor([0, 0, 0] as [Float], shape: [3])
            let bias = Tensor([0] as [Float], shape: [1])
            for parameter in [weights, bias] { parameter.requiresGrad = true }
            let reducer = try GradientReducer([("weights", weights), ("bias", bias)], in: group, bucketBytes: 8)
            var seen: [[Double]] = []
            for step in 1...3 {
                let row = Tensor(rows[group.rank].map { $0 * Float(step) }, shape: [3])
                try reducer.backward((weights * row).sum() + bias.sum())
                seen += [weights.grad?.doubles() ?? [], bias.grad?.doubles() ?? []]
                (weights.grad, bias.grad) = (nil, nil)
            }
            return seen
        }
        let means: [Double] = [3, 4, 5]
        for result in results {
            let seen = try result.get()
            for step in 0..<3 {
                for (value, mean) in zip(seen[2 * step], means) {
                    #expect(abs(value - mean * Double(step + 1)) < 1e-5 * mean * 3)
                }
                #expect(abs(seen[2 * step + 1][0] - 1) < 1e-6)
            }
        }
    }

    /// Three ranks look up three rows each: of 40 rows only those are exchanged, of 6 the whole table is.
    @Test(arguments: [40, 6], [1, 2])
    func `a table's gradient is the mean of all ranks', row by row or not`(rowCount: Int, batches: Int) async throws {
        let results = try await onRanks(3) { group -> [[Double]] in
            let width = 8
            let start = Tensor((0..<rowCount * width).map { Float($0 % 17) / 17 }, shape: [rowCount, width])
            let (table, plain) = (start.clone(), start.clone())
            let (types, weight, bias) = (Tensor.zeros([1, width]), Tensor.ones([width]), Tensor.zeros([width]))
            (table.requiresGrad, plain.requiresGrad) = (true, true)
            let rows = RowGradient()
            let reducer = try GradientReducer([], tables: [(table, rows)], in: group)
            let moments = (Tensor.zeros([rowCount, width]), Tensor.zeros([rowCount, width]), Tensor.zeros([]))
            func loss(_ table: Tensor, _ rows: RowGradient?, _ step: Int) -> Tensor {
                let ids = Tensor([group.rank, (group.rank + 1 + step) % rowCount, 5], shape: [3])
                let zeros = Tensor([0, 0, 0], shape: [3])
                let y = FusedF.embeddings(
                    tables: (table, types, types), ids: (ids, zeros, zeros), normWeight: weight, normBias: bias,
                    eps: 1e-5, rows: rows)
                return (y * Tensor((0..<3 * width).map { Float($0 % 5 + group.rank) }, shape: [3, width])).sum()
            }
            var seen: [[Double]] = []
            for step in stride(from: 0, to: 3 * batches, by: batches) {
                for batch in 0..<batches - 1 { loss(table, rows, step + batch).backward() }
                try reducer.backward(loss(table, rows, step + batches - 1))
                for batch in 0..<batches { loss(plain, nil, step + batch).backward() }
                guard let gradient = table.grad, let wanted = plain.grad else { return [] }
                try group.allReduce(wanted)
                seen += [gradient.doubles(), (wanted / 3).doubles()]
                let norm = fusedClipAdamW(
                    [
                        FusedUpdate(
                            parameter: table, gradient: gradient, expAvg: moments.0, expAvgSq: moments.1,
                            step: moments.2, lr: 1e-3, weightDecay: 0, rows: rows)
                    ], maxNorm: .infinity, beta1: 0.9, beta2: 0.999, eps: 1e-8)
                seen += [[norm], [gradient.doubles().reduce(0) { $0 + $1 * $1 }.squareRoot()], table.doubles()]
                noGrad { _ = plain.copy_(table) }
                (table.grad, plain.grad) = (nil, nil)
            }
            return seen
        }
        let first = try results[0].get()
        #expect(first.count == 15)
        for result in results {
            let seen = try result.get()
            #expect(seen.indices.allSatisfy { $0 % 5 == 1 || seen[$0] == first[$0] }, "all ranks have the same bits")
            for step in stride(from: 0, to: 15, by: 5) {
                #expect(seen[step].contains { $0 != 0 })
                #expect(zip(seen[step], seen[step + 1]).allSatisfy { abs($0 - $1) < 1e-5 })
                #expect(abs(seen[step + 2][0] - seen[step + 3][0]) < 1e-5 * seen[step + 3][0])
            }
        }
    }

    @Test func `a parameter without a part in the loss is named, or allowed for`() async throws {
        let results = try await onRanks(2) { group -> String in
            let used = Tensor([1] as [Float], shape: [1]), unused = Tensor([1] as [Float], shape: [1])
            (used.requiresGrad, unused.requiresGrad) = (true, true)
            let parameters = [(name: "head.used", tensor: used), (name: "head.unused", tensor: unused)]
            let lenient = try GradientReducer(parameters, in: group, findsUnused: true)
            try lenient.backward((used * Double(group.rank + 1)).sum())
            #expect(used.grad?.item() == 1.5 && unused.grad == nil)
            let other = [used, unused].map { $0.detach().clone() }
            for parameter in other { parameter.requiresGrad = true }
            let strict = try GradientReducer([("head.used", other[0]), ("head.unused", other[1])], in: group)
            do {
                try strict.backward(other[0].sum())
                return "no error"
            } catch let error as ProcessError {
                return error.description
            }
        }
        for result in results { #expect(try result.get().contains("findUnusedParameters")) }
    }

    @Test func `a rank that does not come is named with what it does`() async throws {
        let results = try await onRanks(3, timeout: .seconds(3)) { group -> String in
            try group.barrier("the first barrier")
            if group.rank == 1 {
                // Whoever waited longer than the timeout would see it come.
                Thread.sleep(forTimeInterval: 9)
                _ = try? group.allReduce(Tensor([1] as [Float], shape: [1]), as: "the sum of losses")
                return ""
            }
            do {
                try group.allReduce(Tensor([1] as [Float], shape: [1]), as: "the sum of losses")
                return "no error"
            } catch let error as ProcessError {
                return error.message
            }
        }
        for rank in [0, 2] {
            let message = try results[rank].get()
            #expect(message.hasPrefix("rank \(rank): the sum of losses failed"))
            #expect(message.contains("rank 1") && message.contains("after the first barrier"), "\(message)")
        }
    }

    @Test func `ranks that never arrive are named`() throws {
        let store = try SharedStore(host: "127.0.0.1", port: 0, serves: true)
        var environment = ProcessEnvironment()
        (environment.rank, environment.size, environment.masterPort) = (1, 4, store.port)
        environment.launcherKeepsStore = true
        let error = try #require(throws: ProcessError.self) {
            try ProcessGroup(environment, timeout: .seconds(1))
        }
        #expect(error.message.contains("ranks 0, 2, 3 of 4 did not arrive"))
        let twin = try #require(throws: ProcessError.self) {
            try ProcessGroup(environment, timeout: .seconds(1))
        }
        #expect(twin.message.contains("two processes claim to be rank 1"))
        environment.masterPort = 1
        #expect(throws: ProcessError.self) { try ProcessGroup(environment, timeout: .milliseconds(300)) }
    }

    @Test func `a store that hangs is named within the timeout`() throws {
        // Connections are taken up by the system, and never answered.
        #if canImport(Darwin)
        let listener = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        try #require(isOpen)
        var environment = ProcessEnvironment()
        (environment.rank, environment.size, environment.masterPort) = (1, 2, UInt16(bigEndian: address.sin_port))
        let start = ContinuousClock.now
        let error = try #require(throws: ProcessError.self) { try ProcessGroup(environment, timeout: .seconds(2)) }
        // However busy the machine is; the usual timeout is half an hour.
        #expect(ContinuousClock.now - start < .seconds(900))
        #expect(error.message.contains("can't be reached within 2 s"), "\(error.message)")
    }

    @Test func `ranks that count differently are told so`() async throws {
        let results = try await onRanks(3, claimedSizes: [3, 3, 4]) { $0.rank }
        for result in results {
            let error = try #require(throws: ProcessError.self) { try result.get() }
            #expect(error.message == "rank 2 counts 4 processes, rank 0 counts 3")
        }
    }

    @Test func `values that differ between ranks are shown`() async throws {
        let results = try await onRanks(2) { group -> String in
            try group.requireSame("the weather", "sunny")
            do {
                try group.requireSame("the model", group.rank == 0 ? "39 parameters" : "41 parameters")
                return ""
            } catch let error as ProcessError {
                return error.message
            }
        }
        for result in results {
            #expect(
                try result.get() == "the ranks differ in the model: rank 0 has 39 parameters, rank 1 has 41 parameters")
        }
    }
}
