import Swiftlet
import SwiftletHubTestServer
import SwiftletIO
import SwiftletTestSupport
import Testing

/// What a training and a program put on the Hub.
extension HubTests {
    @Test func `train uploads its result, and finds a missing token before it trains`() throws {
        let arguments = [
            "train", "--model", model.id, "--dataset", "glue", "--config", "mrpc", "--output-dir",
            folder.file("pushed"), "--max-steps", "2",
            "--save-strategy", "steps", "--save-steps", "1", "--push_to_hub",
        ]
        var stranger = program
        stranger.environment["HF_TOKEN"] = ""
        let refused = try stranger.run(arguments)
        #expect(refused.status == 1 && refused.error.contains("HF_TOKEN"), "\(refused.error)")
        #expect(!FileSystem.exists(folder.file("pushed/model.safetensors")))

        let result = try program.run(arguments)
        #expect(result.status == 0 && result.output.contains("uploaded to "), "\(result.error)")
        let repo = try HubRepo.model("tester/pushed")
        let files = try #require(server.files(of: repo)).keys
        #expect(
            files.contains("model.safetensors") && files.contains("README.md")
                && files.contains("tokenizer_config.json"))
        #expect(!files.contains { $0.hasPrefix("checkpoint-") })
        // What is on the Hub is a model to begin with.
        let again = try program.run(["predict", "--model", repo.id, "--text", "the cat sat", "--text-pair", "it sat"])
        #expect(again.status == 0, "\(again.error)")
    }

    @Test func `datasets go to the Hub and come back, one config after the other`() async throws {
        let hub = try hub
        let name = "tester/pairs"
        let data = try Dataset.fromColumns([("text", .strings(["a", "b", "c"])), ("label", .ints([0, 1, 0]))])
            .castColumn("label", to: .classLabel(names: ["no", "yes"]))
        try await DatasetDict([("train", data), ("test", data.select(0..<1))]).pushToHub(name, hub: hub)
        try await data.select(1..<3).pushToHub(name, config: "small", split: "validation", hub: hub)
        let first = try await loadDataset(name, "default", hub: hub)
        #expect(try first.splits == ["train", "test"] && first["train"].count == 3 && first["test"].count == 1)
        #expect(try first["train"].features == data.features)
        let texts = try first["train"].strings("text")
        #expect(texts == ["a", "b", "c"])
        let second = try await loadDataset(name, "small", hub: hub)
        let others = try second["validation"].strings("text")
        #expect(others == ["b", "c"])
        // Fewer rows replace more.
        try await data.select(0..<2).pushToHub(name, hub: hub)
        let third = try await loadDataset(name, "default", hub: hub)
        #expect(try third.splits == ["train"] && third["train"].count == 2)
        let repo = try HubRepo(name, kind: .dataset)
        let there = try #require(server.files(of: repo)).keys.filter { $0.hasPrefix("data/") }
        #expect(there == ["data/train-00000-of-00001.parquet"])
    }

    @Test(
        .enabled(
            if: FileSystem.exists(Locations.shared("hub/datasets/nyu-mll/glue")) && FileSystem.exists(Locations.miniLM),
            "needs GLUE beside the project and what scripts/bootstrap fetches"))
    func `the course's run, from names on the Hub, and again without it`() throws {
        try server.add(HubRepo.dataset("nyu-mll/whole-glue"), folder: Locations.shared("hub/datasets/nyu-mll/glue"))
        try server.add(HubRepo.model("tester/minilm"), folder: Locations.miniLM)
        func run(_ program: Program, _ output: String) throws -> Program.Result {
            try program.run([
                "train", "--model", "tester/minilm", "--dataset", "nyu-mll/whole-glue", "--config", "mrpc",
                "--output-dir", folder.file(output), "--max-steps", "2", "--logging-steps", "1",
            ])
        }
        let first = try run(program, "whole")
        #expect(first.status == 0 && first.output.contains("eval_f1"), "\(first.error)")
        server.clearLog()
        let second = try run(offline, "again")
        #expect(second.status == 0 && server.log.isEmpty, "\(second.error)")
        let (one, two) = (
            try MappedFile(folder.file("whole/model.safetensors")),
            try MappedFile(folder.file("again/model.safetensors"))
        )
        withExtendedLifetime((one, two)) { #expect(one.bytes.elementsEqual(two.bytes)) }
    }
}
