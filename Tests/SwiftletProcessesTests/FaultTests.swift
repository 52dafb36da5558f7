import Foundation
import SwiftletDistributed
import SwiftletIO
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// What becomes of the others when a process dies, hangs, or is not like them; and of the run.
@Suite(.oneAtATime) struct FaultTests {
    private let processes: Processes
    private let trainer: JSONObject = ["scenario": "trainer", "rows": 16, "epochs": 2, "save_steps": 1, "dropout": 0.1]

    init() throws { processes = try Processes() }

    /// Processes of a run that are still there.
    private func leftovers(_ name: String = "run") throws -> [String] {
        let mark = processes.files.file("\(name).settings.json")
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { entry in
            guard Int(entry) != nil, let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else {
                return false
            }
            return String(decoding: data, as: UTF8.self).contains(mark)
        }
    }

    @Test func `the others name a process that is killed`() throws {
        let outcome = try processes.run(3, trainer.merging(["fail_rank": 1, "fail_step": 2]))
        #expect(outcome.status == 1 && outcome.results.isEmpty)
        #expect(outcome.error.contains("error: rank 1 (process"), "\(outcome.error)")
        for rank in [0, 2] {
            #expect(outcome.error.contains("rank \(rank): "), "\(outcome.error)")
        }
        #expect(outcome.error.contains("was ended by signal 9"))
        #expect(
            outcome.error.components(separatedBy: "\n").contains { $0.hasPrefix("rank 0: ") && $0.contains("rank 1 (") }
        )
        #expect(try leftovers().isEmpty)
    }

    /// Seconds that a busy machine may take to run what is due at the timeout. Without the timeout that was asked for, it
    /// would be half an hour.
    private let margin = 40.0

    /// How long after the failure each rank, except the one that fails, had its error.
    private func delays(_ ranks: [Int], _ name: String = "run") throws -> [Double] {
        func time(_ file: String) throws -> Double {
            try #require(Double(try MappedFile.text(FileSystem.join(processes.files.file(name), file))), "\(file)")
        }
        let start = try time("failed-at")
        return try ranks.map { try time("\($0).error-at") - start }
    }

    @Test(arguments: [2, 8]) func `a process that hangs is named within the timeout, and made to end`(
        timeout: Int
    ) throws {
        let outcome = try processes.run(
            3, trainer.merging(["fail_rank": 1, "fail_step": 2, "fail_how": "stop", "timeout": .int(timeout)]),
            launch: ["--grace-period", "1"])
        #expect(outcome.status == 1)
        for rank in [0, 2] {
            #expect(outcome.error.contains("rank \(rank): "), "\(outcome.error)")
            #expect(
                outcome.error.components(separatedBy: "\n").contains {
                    $0.hasPrefix("rank \(rank): ") && $0.contains("rank 1 (") && $0.contains("gives no sign of life")
                }, "\(outcome.error)")
        }
        let delays = try delays([0, 2])
        #expect(delays.allSatisfy { $0 <= Double(timeout) + margin }, "\(delays)")
        #expect(try leftovers().isEmpty)
    }

    /// Started as by srun or mpirun: rank 0 keeps the store, and nobody looks after the processes.
    @Test(arguments: [0, 1]) func `without a launcher, the others still end within the timeout`(hanging: Int) throws {
        let settings = trainer.merging([
            "fail_rank": .int(hanging), "fail_step": 2, "fail_how": "stop", "timeout": 6,
        ])
        let others = [0, 1, 2].filter { $0 != hanging }
        let outcome = try processes.runWithoutLauncher(3, settings, in: "run", hanging: hanging)
        #expect(others.allSatisfy { outcome.statuses[$0] == 1 }, "\(outcome.statuses)")
        for rank in others {
            let error = outcome.errors[rank]
            #expect(error.hasPrefix("rank \(rank): "), "\(error)")
            #expect(
                hanging == 0
                    ? error.contains("does not answer") : error.contains("rank 1 (") && error.contains("no sign"),
                "\(error)")
        }
        let delays = try delays(others)
        #expect(delays.allSatisfy { $0 <= 6 + margin }, "\(delays)")
        #expect(try leftovers().isEmpty)
    }

    @Test func `a launcher that keeps its port to itself`() throws {
        let attempt = try processes.folder("run/none_x/attempt_0")
        for rank in 0..<2 { try FileSystem.createDirectory("\(attempt)/\(rank)") }
        let outcome = try processes.runWithoutLauncher(2, trainer, in: "run") { rank in
            [
                "MASTER_PORT": "0", "TORCHELASTIC_USE_AGENT_STORE": "True", "LOCAL_RANK": "\(rank)",
                "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_ERROR_FILE": "\(attempt)/\(rank)/error.json",
            ]
        }
        #expect(outcome.statuses == [0, 0], "\(outcome.errors)")
        let results = try processes.results(processes.files.file("run"), 2)
        #expect(results.count == 2 && results.first?["weights"] == results.last?["weights"])
    }

    @Test func `started again from the last checkpoint, a run ends as if nothing had been`() throws {
        let trainer = trainer.merging(["sharded": true, "kernels": "fused"])
        let undisturbed = try processes.run(2, trainer, in: "undisturbed")
        try #require(undisturbed.status == 0, "\(undisturbed.error)")
        let disturbed = try processes.run(
            2, trainer.merging(["fail_rank": 1, "fail_step": 3, "fail_how": "exit"]), in: "disturbed",
            launch: ["--max-restarts", "1"])
        #expect(disturbed.status == 0, "\(disturbed.error)")
        #expect(disturbed.error.contains("ended with exit status 3; starting all again (1 of 1)"), "\(disturbed.error)")
        #expect(disturbed.results.count == 2)
        for (one, other) in zip(disturbed.results, undisturbed.results) { #expect(one["weights"] == other["weights"]) }
    }

    /// The folder holds the checkpoints of another run, with more steps; the first process dies before it has written one.
    @Test func `started again without a checkpoint of its own, a run begins anew`() throws {
        let short = trainer.merging(["epochs": 1])
        let undisturbed = try processes.run(2, short, in: "undisturbed")
        try #require(undisturbed.status == 0, "\(undisturbed.error)")
        let earlier = try processes.run(2, trainer, in: "disturbed")
        try #require(earlier.status == 0, "\(earlier.error)")
        let disturbed = try processes.run(
            2, short.merging(["fail_rank": 0, "fail_step": 0, "fail_how": "exit"]), in: "disturbed",
            launch: ["--max-restarts", "1"])
        #expect(disturbed.status == 0 && disturbed.error.contains("starting all again"), "\(disturbed.error)")
        #expect(earlier.results.first?["weights"] != undisturbed.results.first?["weights"])
        for (one, other) in zip(disturbed.results, undisturbed.results) { #expect(one["weights"] == other["weights"]) }
    }

    /// Nobody else's machine is to reach the store of a run on this one.
    @Test func `the store of one machine listens on that machine only`() throws {
        let store = try SharedStore(host: "localhost", port: 0, serves: true)
        try store.set("key", "value")
        #expect(try SharedStore(host: "127.0.0.1", port: store.port).get("key") == "value")
        let hexPort = String(store.port, radix: 16, uppercase: true)
        let port = String(repeating: "0", count: 4 - hexPort.count) + hexPort
        // Local addresses of listening sockets (state 0A), in the hexadecimal of the kernel.
        let listening = try ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { path -> [String] in
            // Files of the kernel have no size to go by.
            let data = try #require(FileHandle(forReadingAtPath: path)).readDataToEndOfFile()
            return String(decoding: data, as: UTF8.self).split(separator: "\n").map {
                $0.split(separator: " ").map(String.init)
            }
            .filter { $0.count > 3 && $0[3] == "0A" && $0[1].hasSuffix(":\(port)") }.map { $0[1] }
        }
        #expect(listening == ["0100007F:\(port)"], "\(store.port)")
        // A port that is taken is still an error.
        #expect(throws: ProcessError.self) { try SharedStore(host: "127.0.0.1", port: store.port, serves: true) }
    }

    @Test func `processes that differ are told so at the start`() throws {
        let outcome = try processes.run(2, trainer.merging(["scenario": "differences"]))
        #expect(outcome.status == 0 && outcome.results.count == 2, "\(outcome.error)")
        for errors in outcome.results {
            let models = errors["different_models"]?.string ?? ""
            #expect(models.hasPrefix("the ranks differ in the model: rank 0 has 41 parameters"), "\(models)")
            let seeds = errors["different_seeds"]?.string ?? ""
            #expect(seeds.hasPrefix("the ranks differ in seed: rank 0 has 42, rank 1 has 43"), "\(seeds)")
        }
    }

    @Test func `a program that is not there is named`() throws {
        let process = try processes.start(
            Processes.program("swiftlet"), ["launch", "--nproc-per-node", "2", "--", "./no-such-program"], "missing")
        Processes.wait(for: process)
        #expect(process.terminationStatus == 1)
        #expect(
            try MappedFile.text(processes.files.file("missing.err")).contains("'./no-such-program' can't be started"))
    }

    @Test func `an interrupted launch ends its processes`() throws {
        var settings = trainer.merging(["pause_ms": 200, "epochs": 50])
        settings["model"] = .string(Locations.fixture("tiny-bert"))
        let path = processes.files.file("run.settings.json")
        try AtomicFile.write(JSONValue.object(settings).text(), to: path)
        let process = try processes.start(
            Processes.program("swiftlet"),
            [
                "launch", "--nproc-per-node", "2", "--", Processes.program("swiftlet-scenario").path, path,
                try processes.folder("run"),
            ], "run")
        let end = ContinuousClock.now + .seconds(180)
        while try leftovers().count < 3, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.05) }
        process.terminate()
        Processes.wait(for: process)
        #expect(process.terminationStatus == 1)
        #expect(try leftovers().isEmpty)
    }
}
