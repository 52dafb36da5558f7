import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing

@Suite(.oneAtATime) struct ProfileTests {
    @Test func `pieces hold each other, and products have sizes`() throws {
        let (a, b) = (Tensor.ones([3, 4]), Tensor.ones([5, 4]))
        try Profile.start()
        #expect(throws: TensorError.self) { try Profile.start() }
        profiled("step") { profiled("inner") { _ = a.matmul(b.transpose(0, 1)) } }
        let profile = Profile.stop()
        // After the end nothing is recorded.
        profiled("step") { _ = a.matmul(b.transpose(0, 1)) }
        #expect(Profile.stop().pieces.count == profile.pieces.count)

        let step = try #require(profile.pieces.last)
        let inner = try #require(profile.pieces.first { $0.name == "inner" })
        #expect(step.name == "step" && step.start <= inner.start && step.duration >= inner.duration)
        #expect(abs(step.own - (step.duration - inner.duration)) < 1e-9)
        #expect(profile.pieces.allSatisfy { $0.own >= 0 })
        let total = profile.pieces.reduce(0) { $0 + $1.own }
        #expect(abs(total - step.duration) < 1e-9)
        let product = try #require(profile.pieces.first { $0.name == "mm" })
        #expect(product.operations == 120)
        let shape = try #require(product.product)
        #expect([shape.rows, shape.columns, shape.depth] == [3, 5, 4])
        #expect([shape.isFirstTransposed, shape.isSecondTransposed] == [false, true])
        #expect(shape.operations == 120 && shape.measured() > 0)

        let report = try #require(ProfileReport(profile))
        #expect(report.stepCount == 1 && report.products.operations == 120)
        #expect(ProfileReport(Profile(pieces: [inner])) == nil)
    }

    @Test(arguments: [Kernels.fused, .reference])
    func `a run's profile is complete and changes nothing`(kernels: Kernels) throws {
        let folder = try TemporaryDirectory()
        var tables: [String] = []
        let callback = ProfileCallback(folder: folder.path, warmUp: 1, steps: 3) { tables.append($0) }
        let plain = try tinyTrainer { $0.kernels = kernels }
        try plain.train()
        let trainer = try tinyTrainer({ $0.kernels = kernels }, callbacks: [callback])
        try trainer.train()
        for ((name, values), (_, expected)) in zip(weights(trainer), weights(plain)) {
            #expect(values == expected, "\(name)")
        }

        #expect(tables.count == 1)
        let table = try #require(tables.first)
        #expect(try MappedFile.text(folder.file("profile.txt")) == table)
        #expect(table.contains("3 steps of ") && table.contains("Limit: "))
        let ours = [
            "attention kernel", "attention kernel backward", "GELU kernel", "norm kernel backward", "AdamW kernel",
        ]
        let names = ["step", "batch", "forward", "backward", "optimizer"] + (kernels == .fused ? ours : [])
        let trace = try JSONValue(contentsOf: folder.file("profile.json"))
        let events = try #require(trace["traceEvents"]?.array)
        for name in names {
            #expect(events.count { $0["name"]?.string == name } >= 3, "\(name)")
        }
        #expect(kernels == .fused || !events.contains { $0["name"]?.string == ours[0] })
        for event in events {
            #expect(try #require(event["ts"]?.double) >= 0 && #require(event["dur"]?.double) >= 0)
        }
    }

    @Test func `a folder that can't be written to ends no run`() throws {
        let callback = ProfileCallback(folder: "/proc/none", warmUp: 0, steps: 1)
        try tinyTrainer(callbacks: [callback]).train()
    }
}
