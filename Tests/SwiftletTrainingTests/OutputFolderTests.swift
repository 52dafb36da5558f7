import Foundation
import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

/// What several runs do to one folder, and what damage does to a run.
@Suite(.oneAtATime) struct OutputFolderTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    private func trainer(
        rows: Int = 24, epochs: Double = 3, limit: Int? = nil, callbacks: [any TrainerCallback] = []
    ) throws -> Trainer {
        try savingTrainer(in: folder, epochs: epochs, limit: limit, rows: rows, callbacks: callbacks)
    }

    private func checkpoints() throws -> [Int] { try Checkpoint.all(in: folder.path).map(\.step) }

    // MARK: Several runs

    @Test func `a run counts and deletes its own checkpoints only`() throws {
        try trainer().train()
        let before = try checkpoints()
        #expect(before.count >= 3 && before == before.sorted())
        // The second run writes lower steps than those that lie there.
        try trainer(epochs: 1, limit: 1).train()
        let last = try #require(try Checkpoint.all(in: folder.path).last)
        #expect(last.step <= before[before.count - 1])
        // Its own of the same steps took the place of older ones.
        #expect(Set(try checkpoints()).isSuperset(of: before.filter { $0 > last.step }))
        // The newest is that of the run which wrote last, not that with the most steps.
        let found = try ResumePoint.last.find(in: folder.path) { _ in }
        #expect(found.step == last.step && found.run?.id == last.run?.id)
    }

    @Test func `a resumed run goes on as the run that it was`() throws {
        final class Stop: TrainerCallback {
            var request: StopRequest?
            func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) {
                if state.globalStep == 4 { request?.set() }
            }
        }
        let stop = Stop()
        let first = try trainer(limit: 2, callbacks: [stop])
        stop.request = first.stop
        #expect(throws: TrainingError.self) { try first.train() }
        try trainer(limit: 2).train(resumeFrom: .last)
        let all = try Checkpoint.all(in: folder.path)
        #expect(all.count == 2 && Set(all.map { $0.run?.id }).count == 1 && all.allSatisfy { $0.run != nil })
    }

    @Test func `a second training in one folder is refused at once, with the holder named`() throws {
        final class Intruder: TrainerCallback {
            let start: () throws -> Void
            var error: (any Error)?
            init(_ start: @escaping () throws -> Void) { self.start = start }
            func onStepEnd(_ state: TrainerState, _ control: inout TrainerControl) {
                guard state.globalStep == 1 else { return }
                do { try start() } catch { self.error = error }
            }
        }
        let second = try trainer()
        let intruder = Intruder { try second.train() }
        let first = try trainer(callbacks: [intruder])
        try first.train()
        let error = try #require(intruder.error as? TrainingError)
        #expect(error.message.contains(folder.path) && error.message.contains("process \(getpid()) on "))
        #expect(try checkpoints().last == first.state.globalStep)
        // Nothing of it is left, so the folder is free.
        #expect(try FileSystem.names(in: folder.path).allSatisfy { $0.hasPrefix("checkpoint-") })
        try second.train()
    }

    @Test func `what a killed holder left keeps nobody out`() throws {
        try AtomicFile.write("process 1 on elsewhere", to: folder.file(OutputFolderLock.fileName))
        try trainer().train()
        #expect(!FileSystem.exists(folder.file(OutputFolderLock.fileName)))
    }

    @Test func `a checked folder stays the Trainer's`() throws {
        var first: Trainer? = try trainer()
        try first?.checkOutputDirectory()
        try first?.train()
        #expect(throws: TrainingError.self) { try trainer().checkOutputDirectory() }
        first = nil
        try trainer().checkOutputDirectory()
    }

    // MARK: Whole or not

    @Test func `a checkpoint that misses a part is not whole`() throws {
        try trainer().train()
        let steps = try checkpoints()
        let newest = folder.file("checkpoint-\(steps[steps.count - 1])")
        let manifest = FileSystem.join(newest, "checkpoint.json")
        let text = try MappedFile.text(manifest)
        func find() throws -> Int { try ResumePoint.last.find(in: folder.path) { _ in }.step }
        #expect(try find() == steps.last)
        for name in [
            "model.safetensors", "optimizer.safetensors", "rng_state.safetensors", "progress.json",
            "trainer_state.json",
        ] {
            var json = try #require(try JSONValue(parsing: text).object)
            var files = try #require(json["files"]?.object)
            files[name] = nil
            json["files"] = .object(files)
            try AtomicFile.write(JSONValue.object(json).text(), to: manifest)
            #expect(try find() == steps[steps.count - 2], "\(name)")
            let error = try #require(throws: TrainingError.self) {
                try ResumePoint.path(newest).find(in: folder.path) { _ in }
            }
            #expect(error.message.contains(name))
        }
        for damaged in ["", "{}", "[1]", #"{"files": {}}"#, #"{"files": {"../x": {"size": 1}}}"#, #"{"files": 3}"#] {
            try AtomicFile.write(damaged, to: manifest)
            #expect(try find() == steps[steps.count - 2], "\(damaged)")
        }
        try FileSystem.remove(manifest)
        #expect(try find() == steps[steps.count - 2])
        let error = try #require(throws: TrainingError.self) {
            try ResumePoint.path(newest).find(in: folder.path) { _ in }
        }
        #expect(error.message.contains("checkpoint.json"))
    }

    /// A kill between two renames, where the file system can't exchange names.
    @Test func `a checkpoint that was moved away for its successor is taken back`() throws {
        try trainer().train()
        let steps = try checkpoints()
        let newest = folder.file("checkpoint-\(steps[steps.count - 1])")
        try FileSystem.rename(newest, to: newest + FileSystem.replacedSuffix)
        try FileSystem.createDirectory(folder.file(".writing-checkpoint-9"))
        #expect(try ResumePoint.last.find(in: folder.path) { _ in }.path == newest)
        #expect(try FileSystem.names(in: folder.path).allSatisfy { $0.hasPrefix("checkpoint-") })
    }

    @Test func `names that are not UTF-8 beside checkpoints do no harm`() throws {
        let odd = Array(folder.path.utf8CString.dropLast()) + [0x2F, CChar(bitPattern: 0xE9), 0]
        let descriptor = open(odd, O_CREAT | O_WRONLY, 0o600)
        try #require(descriptor >= 0)
        close(descriptor)
        try trainer(limit: 1).train()
        #expect(try checkpoints().count == 1)
    }

    // MARK: Damage inside

    /// The newest checkpoint, sound as far as its manifest goes, with one file changed.
    private func damage(_ name: String, _ change: (String) throws -> Void) throws {
        let checkpoint = try #require(try Checkpoint.all(in: folder.path).last)
        try change(FileSystem.join(checkpoint.path, name))
        var json = try #require(try JSONValue(contentsOf: FileSystem.join(checkpoint.path, "checkpoint.json")).object)
        var files = try #require(json["files"]?.object)
        files[name] = [
            "size": .int(try FileSystem.size(of: FileSystem.join(checkpoint.path, name))),
            "crc32c": .int(Int(try CRC32C.ofFile(FileSystem.join(checkpoint.path, name)))),
        ]
        json["files"] = .object(files)
        try AtomicFile.write(JSONValue.object(json).text(), to: FileSystem.join(checkpoint.path, "checkpoint.json"))
    }

    private func changeTensors(_ path: String, _ change: (inout [(String, Tensor)]) throws -> Void) throws {
        let file = try SafetensorsFile(path)
        var tensors = try file.names.map { ($0, try file.tensor($0).clone()) }
        try change(&tensors)
        try Safetensors.write(tensors, metadata: [:], to: path)
    }

    @Test func `states that fit nothing are errors`() throws {
        func expectError(_ name: String, _ damage: (String) throws -> Void) throws {
            try FileSystem.remove(folder.path)
            try FileSystem.createDirectory(folder.path)
            try trainer(epochs: 1).train()
            try self.damage(name, damage)
            let second = try trainer(epochs: 2)
            #expect(throws: (any Error).self, "\(name)") { try second.train(resumeFrom: .last) }
        }
        let random = "rng_state.safetensors"
        for bytes in [[], [1, 2, 3], [UInt8](repeating: 0, count: 5056), [UInt8](repeating: 255, count: 5056)]
            as [[UInt8]]
        {
            for key in ["torch", "torch_at_epoch_start", "torch_before_batch_ahead"] {
                try expectError(random) { path in
                    try changeTensors(path) { tensors in
                        tensors.removeAll { $0.0 == key }
                        tensors.append((key, bytes.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) }))
                    }
                }
            }
        }
        try expectError(random) { path in try changeTensors(path) { $0[0].1 = $0[0].1.to(.float32) } }
        try expectError(random) { path in try changeTensors(path) { $0.removeAll() } }
        let optimizer = "optimizer.safetensors"
        try expectError(optimizer) { path in try changeTensors(path) { $0[0].1 = .zeros([1, 2, 3]) } }
        try expectError(optimizer) { path in try changeTensors(path) { $0[0].1 = $0[0].1.to(.float64) } }
        try expectError(optimizer) { path in try changeTensors(path) { $0.removeFirst() } }
        try expectError(optimizer) { path in try changeTensors(path) { $0[0].0 += "x" } }
        try expectError(optimizer) { path in try changeTensors(path) { $0.append(("nothing/exp_avg", .zeros([1]))) } }
        func changeJSON(_ path: String, _ key: String, _ value: JSONValue) throws {
            var json = try #require(try JSONValue(contentsOf: path).object)
            json[key] = value
            try AtomicFile.write(JSONValue.object(json).text(), to: path)
        }
        let numbers: [JSONValue] = [
            .int(.max), .int(.min), .int(-1), .double(1e300), .double(.infinity), .double(.nan), "x", nil, [],
            .int(1 << 60),
        ]
        for value in numbers {
            try expectError("scheduler.json") { try changeJSON($0, "last_epoch", value) }
            try expectError("progress.json") { try changeJSON($0, "epoch", value) }
            try expectError("progress.json") { try changeJSON($0, "logged_step", value) }
            try expectError("progress.json") { try changeJSON($0, "batches_done", value) }
            try expectError("trainer_state.json") { try changeJSON($0, "global_step", value) }
        }
        try expectError("scheduler.json") { try changeJSON($0, "_last_lr", [.double(.nan), .double(1)]) }
        try expectError("scheduler.json") { try changeJSON($0, "_last_lr", ["x", .double(1), .double(1)]) }
        try expectError("trainer_state.json") { try changeJSON($0, "num_input_tokens_seen", .int(.max)) }
        try expectError("model.safetensors") { path in try changeTensors(path) { $0[0].1 = .zeros([7]) } }
    }

    @Test func `a failure of libtorch in a step is an error, and the weights stay`() throws {
        struct Broken: DataCollator {
            func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
                var inputs = try TinyCollator()(examples)
                // An id that the table does not have.
                inputs.inputIDs = inputs.inputIDs + Tensor.full(inputs.inputIDs.shape, 1_000_000, dtype: .int64)
                return inputs
            }
        }
        let trainer = try tinyTrainer(
            {
                $0.outputDir = folder.path; $0.kernels = .reference
            }, collator: Broken())
        let before = weights(trainer).map(\.values)
        #expect(throws: (any Error).self) { try trainer.train() }
        #expect(weights(trainer).map(\.values) == before)
        #expect(!FileSystem.exists(folder.file("checkpoint-1")))
    }
}
