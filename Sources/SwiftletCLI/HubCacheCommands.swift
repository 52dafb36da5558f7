import ArgumentParser
import Foundation
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

struct HubScanCacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan-cache", abstract: "List what the cache holds and how much room it takes.")

    @Flag(help: "One row for each revision.") var revisions = false
    @OptionGroup var cache: HubCacheOptions

    func run() throws {
        let report = try cache.client().scanCache()
        var rows: [[String]]
        if revisions {
            rows = [["NAME", "TYPE", "REVISION", "SIZE", "FILES", "MODIFIED", "REFS"]]
            for repository in report.repositories {
                for revision in repository.revisions.sorted(by: { $0.lastModified > $1.lastModified }) {
                    rows.append([
                        repository.repo.id, repository.repo.kind.rawValue, revision.commit, sizeText(revision.size),
                        String(revision.files.count),
                        Self.day(revision.lastModified), revision.refs.joined(separator: " "),
                    ])
                }
            }
        } else {
            rows = [["NAME", "TYPE", "SIZE", "FILES", "USED", "MODIFIED", "REFS"]]
            for repository in report.repositories.sorted(by: { $0.size > $1.size }) {
                rows.append([
                    repository.repo.id, repository.repo.kind.rawValue, sizeText(repository.size),
                    String(repository.fileCount),
                    Self.day(repository.lastAccessed), Self.day(repository.lastModified),
                    repository.refs.joined(separator: " "),
                ])
            }
        }
        printTable(rows)
        print("\(report.repositories.count) repositories, \(sizeText(report.size)) in \(report.folder)")
        if !report.partials.isEmpty {
            let size = report.partials.reduce(0) { $0 + $1.size }
            print(
                "\(report.partials.count) downloads that broke off, \(sizeText(size)); they go on when asked for again")
        }
        for problem in report.problems { writeToStandardError("warning: \(problem.shown())\n") }
    }

    /// `2026-01-31`.
    private static func day(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601.year().month().day())
    }
}

struct HubDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete revisions or whole repositories from the cache.",
        discussion: "Nothing on the Hub changes. Without --yes it only says what would go away.")

    @Argument(help: "Commits, or names of repositories such as nyu-mll/glue.") var targets: [String] = []
    @Option(help: "Only models, datasets or spaces of these names.") var repoType: HubRepo.Kind?
    @Flag(help: "Also delete downloads that broke off.") var partials = false
    @Flag(help: "Do it.") var yes = false
    @OptionGroup var cache: HubCacheOptions

    func validate() throws {
        guard !targets.isEmpty || partials else { throw ValidationError("Give commits or names, or --partials.") }
    }

    func run() throws {
        let hub = try cache.client()
        let report = try hub.scanCache()
        var commits: [String] = []
        for target in targets {
            let named = report.repositories.filter { $0.repo.id == target && $0.repo.kind == repoType ?? $0.repo.kind }
            commits += named.isEmpty ? [target] : named.flatMap { $0.revisions.map(\.commit) }
        }
        let deletion = report.deletion(of: commits)
        guard deletion.unknown.isEmpty else {
            throw HubError(
                .badArgument, "the cache '\(report.folder)' has no '\(deletion.unknown.joined(separator: "', '"))'",
                remedy: "'swiftlet hub scan-cache --revisions' lists what it has.")
        }
        for path in deletion.repositories + deletion.snapshots { print(path.shown()) }
        guard yes else {
            let more = partials ? " and \(report.partials.count) downloads that broke off" : ""
            print(
                "this\(more) would free \(sizeText(deletion.freedSize + (partials ? partialSize(report) : 0))); give --yes to do it"
            )
            return
        }
        try hub.execute(deletion)
        var freed = deletion.freedSize
        if partials { freed += try hub.deletePartials(hub.scanCache()) }
        print("freed \(sizeText(freed))")
    }

    private func partialSize(_ report: HubCacheReport) -> Int { report.partials.reduce(0) { $0 + $1.size } }
}

/// Rows under each other, columns two spaces apart.
private func printTable(_ rows: [[String]]) {
    // Names of files and branches come from servers.
    let rows = rows.map { $0.map { $0.shown() } }
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
        let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        print(String(line.reversed().drop { $0 == " " }.reversed()))
    }
}
