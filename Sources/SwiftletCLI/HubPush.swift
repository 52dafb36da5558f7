import ArgumentParser
import Swiftlet
import SwiftletIO

/// Where a training's result goes on the Hub.
struct HubPushOptions: ParsableArguments {
    @Flag(help: "Upload the result to the Hub after the training, as one commit. The token comes from HF_TOKEN.")
    var pushToHub = false
    @Option(help: "Repository to upload to; by default the name of --output-dir, with the token's user before it.")
    var hubModelId: String?
    @Flag(help: "If the repository is made, make it private.") var hubPrivateRepo = false

    func validate() throws {
        if !pushToHub, hubModelId != nil || hubPrivateRepo {
            throw ValidationError("--hub-model-id and --hub-private-repo need --push-to-hub.")
        }
    }

    /// Makes the repository, so that a missing token or a wrong name is found before the training and not after it.
    /// - Returns: `nil` where nothing is to be uploaded.
    func prepare(outputDir: String) throws -> HubPush? {
        guard pushToHub else { return nil }
        let hub = HubClient(settings: try HubSettings())
        let name = hubModelId ?? FileSystem.name(of: outputDir)
        let isPrivate: Bool? = hubPrivateRepo ? true : nil
        let repo = try waiting {
            let repo = try await hub.ownRepo(name)
            try await hub.createRepository(repo, isPrivate: isPrivate)
            return repo
        }
        return HubPush(hub: hub, repo: repo, folder: outputDir)
    }
}

/// A repository that waits for the result of a training.
struct HubPush {
    let hub: HubClient
    let repo: HubRepo
    let folder: String

    func run() throws {
        let line = TransferLine("uploading to \(repo)")
        defer { line.finish() }
        let commit = try waiting { [self] in try await hub.uploadTraining(folder, to: repo, progress: line.show) }
        line.finish()
        print("uploaded to \(commit.url.shown())")
    }
}
