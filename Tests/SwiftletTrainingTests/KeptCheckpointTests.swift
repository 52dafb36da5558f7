import Foundation
import SwiftletIO
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

/// What a run leaves alone: what has a checkpoint's name and is none, and checkpoints under names that they weren't given.
@Suite(.oneAtATime) struct KeptCheckpointTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    private func write(_ step: Int, _ content: String = "new") throws -> [String] {
        var kept: [String] = []
        _ = try Checkpoint.write(step: step, in: folder.path) {
            try AtomicFile.write(content, to: FileSystem.join($0, "x"))
        } onKept: {
            kept.append($0)
        }
        return kept
    }

    /// - Parameter limit: the last of two epochs of three steps is a checkpoint too.
    private func trainer(
        epochs: Double = 2, limit: Int? = nil, warnings: Warnings = Warnings(),
        change: (inout TrainingArguments) -> Void = { _ in }
    ) throws -> Trainer {
        try savingTrainer(in: folder, epochs: epochs, limit: limit, logger: warnings.logger, change: change)
    }

    // MARK: What has the name

    enum Squatter: String, CaseIterable {
        case notes, file, empty, link, linkToNothing, python, edited, renamed
    }

    @Test(arguments: Squatter.allCases) func `what no training wrote there is kept under another name`(
        squatter: Squatter
    ) throws {
        let place = folder.file("checkpoint-1")
        var left = "checkpoint-1.old-1/notes.txt"
        switch squatter {
        case .notes: try AtomicFile.write("mine", to: "\(place)/notes.txt")
        case .file:
            try AtomicFile.write("mine", to: place)
            left = "checkpoint-1.old-1"
        case .empty:
            try FileSystem.createDirectory(place)
            left = "checkpoint-1.old-1/."
        case .link:
            try AtomicFile.write("mine", to: folder.file("elsewhere/notes.txt"))
            try #require(symlink(folder.file("elsewhere"), place) == 0)
        case .linkToNothing:
            try #require(symlink("nowhere", place) == 0)
            left = ""
        case .python:
            try AtomicFile.write(#"{"global_step": 1}"#, to: "\(place)/trainer_state.json")
            left = "checkpoint-1.old-1/trainer_state.json"
        case .edited:
            #expect(try write(1, "old").isEmpty)
            try AtomicFile.write("mine", to: "\(place)/sub/notes.txt")
            left = "checkpoint-1.old-1/sub/notes.txt"
        case .renamed:
            #expect(try write(7, "old").isEmpty)
            // Its manifest says the step.
            try FileSystem.rename(folder.file("checkpoint-7"), to: place)
            left = "checkpoint-1.old-1/x"
        }
        let kept = try write(1)
        #expect(kept.count == 1 && kept[0].contains("'\(place)'") && kept[0].contains("'\(place).old-1'"), "\(kept)")
        #expect(FileSystem.isTaken("\(place).old-1"))
        if !left.isEmpty { #expect(FileSystem.exists(folder.file(left))) }
        #expect(try MappedFile.text("\(place)/x") == "new")
        #expect(try !FileSystem.names(in: folder.path).contains { $0.hasPrefix(".") })
        // What is there now is a checkpoint, and gives way.
        #expect(try write(1).isEmpty && !FileSystem.isTaken("\(place).old-2"))
        // The next one is kept too.
        try FileSystem.remove(place)
        try AtomicFile.write("more", to: place)
        #expect(try write(1).count == 1)
        #expect(try MappedFile.text("\(place).old-2") == "more")
    }

    @Test func `a run keeps what it finds, and says so once`() throws {
        try AtomicFile.write("mine", to: folder.file("checkpoint-2/notes.txt"))
        let warnings = Warnings()
        try trainer(limit: 1, warnings: warnings).train()
        #expect(try MappedFile.text(folder.file("checkpoint-2.old-1/notes.txt")) == "mine")
        #expect(warnings.all.count { $0.contains("checkpoint-2.old-1") } == 1, "\(warnings.all)")
        #expect(try Checkpoint.all(in: folder.path).map(\.step) == [6])
    }

    @Test func `a second run replaces the checkpoints of the first, and says so before`() throws {
        let warnings = Warnings()
        try trainer(warnings: warnings).train()
        let first = try #require(try Checkpoint.all(in: folder.path).last?.run?.id)
        #expect(!warnings.all.contains { $0.contains("other run") })
        try trainer(warnings: warnings).train()
        let replaced = warnings.all.filter { $0.contains("3 checkpoints of other runs, such as checkpoint-6") }
        #expect(replaced.count == 1 && replaced[0].contains("replaces"), "\(warnings.all)")
        let all = try Checkpoint.all(in: folder.path)
        #expect(all.map(\.step) == [2, 4, 6] && all.allSatisfy { $0.run?.id != first })
        #expect(try FileSystem.names(in: folder.path) == ["checkpoint-2", "checkpoint-4", "checkpoint-6"])
        // A shorter run reaches none of the steps of those that would be left.
        let third = Warnings()
        for step in [2, 4] { try FileSystem.remove(folder.file("checkpoint-\(step)")) }
        try trainer(epochs: 1, warnings: third).train()
        #expect(!third.all.contains { $0.contains("replaces") }, "\(third.all)")
    }

    // MARK: Names

    @Test(
        arguments: [
            "+3", "-3", "02", "00", "3 ", " 3", "3a", "", "٣", "0x3", "1e1", "9223372036854775808", "3\u{301}",
        ])
    func `a name that no training gives is no checkpoint's`(name: String) throws {
        _ = try write(3)
        let path = folder.file("checkpoint-\(name)")
        try FileSystem.rename(folder.file("checkpoint-3"), to: path)
        #expect(try Checkpoint.all(in: folder.path).isEmpty)
        let error = try #require(throws: TrainingError.self) {
            try ResumePoint.path(path).find(in: folder.path) { _ in }
        }
        #expect(error.message.contains("is no checkpoint"))
        var told: [String] = []
        #expect(throws: TrainingError.self) { try ResumePoint.last.find(in: folder.path) { told.append($0) } }
        #expect(told.count == 1 && told[0].contains("its name"), "\(told)")
        try trainer(epochs: 1, limit: 1).train()
        #expect(FileSystem.exists(FileSystem.join(path, "x")))
    }

    /// - Parameter knowsStep: `checkpoint.json` of earlier versions does not say the step.
    @Test(arguments: [9_223_372_036_854_775_807, 5, 1], [true, false])
    func `a checkpoint under another step's name is not counted, not gone on from and not deleted`(
        step: Int, knowsStep: Bool
    ) throws {
        try trainer(epochs: 1).train()
        try #require(try Checkpoint.all(in: folder.path).map(\.step) == [2, 3])
        let misnamed = folder.file("checkpoint-\(step)")
        try FileSystem.rename(folder.file("checkpoint-2"), to: misnamed)
        if !knowsStep {
            let manifest = FileSystem.join(misnamed, "checkpoint.json")
            var json = try #require(try JSONValue(contentsOf: manifest).object)
            json["global_step"] = nil
            try AtomicFile.write(JSONValue.object(json).text(), to: manifest)
        }
        let error = try #require(throws: TrainingError.self) {
            try ResumePoint.path(misnamed).find(in: folder.path) { _ in }
        }
        #expect(error.message.contains("step \(step)") && error.message.contains("step 2"))
        #expect(error.remedy?.contains("checkpoint-2") == true)
        var told: [String] = []
        #expect(try ResumePoint.last.find(in: folder.path) { told.append($0) }.step == 3)
        #expect(told.count == (step > 3 ? 1 : 0) && told.allSatisfy { $0.contains("step 2") })
        try trainer(limit: 1).train(resumeFrom: .last)
        #expect(FileSystem.exists(misnamed))
        #expect(FileSystem.exists(folder.file("checkpoint-6")) && !FileSystem.exists(folder.file("checkpoint-4")))
        // Under its own name it is what it was.
        try FileSystem.rename(misnamed, to: folder.file("checkpoint-2"))
        #expect(try ResumePoint.path(folder.file("checkpoint-2")).find(in: folder.path) { _ in }.step == 2)
    }

    @Test func `a clock far in the future doesn't make an old run the latest`() throws {
        try trainer(epochs: 1).train()
        for step in [2, 3] {
            let manifest = folder.file("checkpoint-\(step)/checkpoint.json")
            var json = try #require(try JSONValue(contentsOf: manifest).object)
            // Of two runs of one time, that with the later name comes last.
            (json["saved_at"], json["run_id"]) = (.double(1e300), "~")
            try AtomicFile.write(JSONValue.object(json).text(), to: manifest)
        }
        try trainer { $0.maxSteps = 1 }.train()
        #expect(try ResumePoint.last.find(in: folder.path) { _ in }.step == 1)
    }

    @Test func `only what a training leaves half-written is cleared away`() throws {
        let names = [".writing-checkpoint-notes", "checkpoint-x.swiftlet-replaced", ".writing-checkpoint-02"]
        for name in names { try AtomicFile.write("mine", to: folder.file("\(name)/notes.txt")) }
        for name in [".writing-checkpoint-3", ".writing-checkpoint-3.removed"] {
            try AtomicFile.write("half", to: folder.file("\(name)/x"))
        }
        _ = try write(4)
        #expect(try FileSystem.names(in: folder.path) == (names + ["checkpoint-4"]).sorted())
    }

    // MARK: The accelerator's folders

    @Test func `saveState replaces a state, and keeps anything else`() throws {
        let place = folder.file("state")
        let accelerator = try Accelerator(group: nil, cpu: true)
        try FileSystem.createDirectory(place)
        for _ in 0..<2 { try accelerator.saveState(place) }
        #expect(try FileSystem.names(in: folder.path) == ["state"])
        try AtomicFile.write("mine", to: "\(place)/notes.txt")
        // Files beside it stay, as in Python.
        for _ in 0..<2 { try accelerator.saveState(place) }
        #expect(try FileSystem.names(in: folder.path) == ["state"])
        #expect(try MappedFile.text("\(place)/notes.txt") == "mine")
        try FileSystem.createDirectory("\(place)/more")
        try accelerator.saveState(place)
        #expect(try FileSystem.names(in: folder.path) == ["state", "state.old-1"])
        #expect(try MappedFile.text("\(place).old-1/notes.txt") == "mine")
        try FileSystem.remove(place)
        try AtomicFile.write("weights", to: "\(place)/model.safetensors")
        try accelerator.saveState(place)
        #expect(try MappedFile.text("\(place).old-2/model.safetensors") == "weights")
        try accelerator.loadState(place)
    }
}
