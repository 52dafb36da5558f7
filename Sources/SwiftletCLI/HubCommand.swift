public import ArgumentParser
public import Swiftlet
import SwiftletCommandLine
import SwiftletIO

struct HubCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Hub.self,
        discussion: """
            The cache is the one of the Python libraries. The environment variables are theirs too: HF_HOME, \
            HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE.
            """,
        subcommands: [HubDownloadCommand.self, HubUploadCommand.self, HubScanCacheCommand.self, HubDeleteCommand.self])
}

extension HubRepo.Kind: ExpressibleByArgument {}

/// Which repository.
struct HubRepositoryOptions: ParsableArguments {
    @Argument(help: "Name on the Hub, such as bert-base-uncased or nyu-mll/glue.") var repository: String
    @Option(help: "model, dataset or space.") var repoType = HubRepo.Kind.model
    @Option(help: "Branch, tag or commit.") var revision = "main"
    @Option(help: "Pattern of files to take, such as '*.json'; may be given several times.") var include: [String] = []
    @Option(help: "Pattern of files to leave out; may be given several times.") var exclude: [String] = []
}

/// Where the cache lies.
struct HubCacheOptions: ParsableArguments {
    @Option(help: "Folder of the cache; by default what HF_HUB_CACHE or HF_HOME says.") var cacheDir: String?

    func client() throws -> HubClient {
        var settings = try HubSettings()
        if let cacheDir { settings.cacheFolder = FileSystem.expandingTilde(cacheDir) }
        return HubClient(settings: settings)
    }
}

struct HubDownloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download", abstract: "Download a repository, or some of its files, and print where they are.")

    @OptionGroup var target: HubRepositoryOptions
    @Argument(help: "Files to download; all by default.") var files: [String] = []
    @Flag(help: "Download again what is cached.") var forceDownload = false
    @OptionGroup var cache: HubCacheOptions

    func validate() throws {
        guard files.isEmpty || (target.include.isEmpty && target.exclude.isEmpty) else {
            throw ValidationError("Give either files or patterns, not both.")
        }
    }

    func run() throws {
        let hub = try cache.client()
        let repo = try HubRepo(target.repository, kind: target.repoType)
        let line = TransferLine("downloading \(repo.id)")
        defer { line.finish() }
        let (target, files, force) = (target, files, forceDownload)
        let paths: [String] = try waiting {
            if files.isEmpty {
                let snapshot = try await hub.snapshot(
                    of: repo, revision: target.revision, allow: target.include.isEmpty ? nil : target.include,
                    ignore: target.exclude, force: force, progress: line.show)
                return [snapshot.folder]
            }
            var paths: [String] = []
            for file in files {
                paths.append(
                    try await hub.download(
                        file, from: repo, revision: target.revision, force: force, progress: line.show))
            }
            return paths
        }
        line.finish()
        for path in paths { print(path.shown()) }
    }
}

struct HubUploadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload", abstract: "Upload a file or a folder as one commit, and print its page.",
        discussion: "The repository is made if it is not there. The token that may write comes from HF_TOKEN.")

    @OptionGroup var target: HubRepositoryOptions
    @Argument(help: "File or folder.") var path = "."
    @Option(help: "Where it goes in the repository; by default its root.") var pathInRepo = ""
    @Option(help: "First line of the commit's message.") var commitMessage = "Upload with swiftlet"
    @Option(help: "The rest of the commit's message.") var commitDescription = ""
    @Option(help: "Pattern of files in the repository to delete in the same commit; may be given several times.")
    var delete: [String] = []
    @Flag(help: "If the repository is made, make it private.") var `private` = false
    @Flag(help: "Open a pull request in place of changing the branch.") var createPr = false

    func run() throws {
        let hub = HubClient(settings: try HubSettings())
        let source = FileSystem.expandingTilde(path)
        let isFolder = FileSystem.isDirectory(source)
        guard isFolder || FileSystem.isRegularFile(source) else {
            throw HubError(.badArgument, "there is no file or folder '\(path)' to upload", remedy: "Check the path.")
        }
        let options = HubCommitOptions(
            message: commitMessage, description: commitDescription, revision: target.revision, asPullRequest: createPr)
        let line = TransferLine("uploading to \(target.repository)")
        defer { line.finish() }
        let (target, isPrivate, delete) = (target, `private`, delete)
        let place = pathInRepo.split(separator: "/").joined(separator: "/")
        let commit = try waiting {
            let repo = try await hub.ownRepo(target.repository, kind: target.repoType)
            if isFolder {
                return try await hub.upload(
                    folder: source, to: repo, at: place, options, isPrivate: isPrivate ? true : nil,
                    allow: target.include.isEmpty ? nil : target.include, ignore: target.exclude,
                    deleting: delete.isEmpty ? nil : delete, progress: line.show)
            }
            try await hub.createRepository(repo, isPrivate: isPrivate ? true : nil)
            let change = HubChange.addFile(source, as: place.isEmpty ? FileSystem.name(of: source) : place)
            return try await hub.commit([change], to: repo, options, progress: line.show)
        }
        line.finish()
        if commit.isUnchanged { writeToStandardError("nothing has changed, so there is no new commit\n") }
        print((commit.pullRequest ?? commit.url).shown())
    }
}
