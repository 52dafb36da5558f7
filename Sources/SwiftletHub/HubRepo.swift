import SwiftletIO

/// A repository on the Hub: a model, a dataset or a space, and its name.
public struct HubRepo: Sendable, Hashable, CustomStringConvertible {
    /// What a repository is for.
    public enum Kind: String, Sendable, CaseIterable {
        /// Weights, configuration and tokenizer.
        case model
        /// Rows to train or evaluate on.
        case dataset
        /// A program that the Hub runs.
        case space

        /// The word in paths of the API and of the cache, as `models`.
        var plural: String { rawValue + "s" }
        /// What stands before the name in a page's address.
        var prefix: String { self == .model ? "" : plural + "/" }
    }

    /// What the repository is for.
    public let kind: Kind
    /// `name` or `namespace/name`.
    public let id: String

    /// - Throws: `HubError` for a name the Hub does not allow, under the rules of the Hub's own client.
    public init(_ id: String, kind: Kind = .model) throws(HubError) {
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        let problem: String? =
            if parts.count > 2 { "it has more than one '/'" } else if !parts.allSatisfy(Self.isName) {
                "each part has letters, digits, '-', '_' and '.', and neither begins nor ends with '-' or '.'"
            } else if parts.contains(where: { $0.utf8.count > 96 }) {
                "it is longer than 96 characters"
            } else if id.contains("--") || id.contains("..") {
                "'--' and '..' are not allowed"
            } else if id.hasSuffix(".git") { "it ends with '.git'" } else { nil }
        if let problem {
            throw HubError(
                .badArgument, "'\(id)' is not the name of a \(kind.rawValue) on the Hub: \(problem)",
                remedy: "Names look like 'bert-base-uncased' or 'nyu-mll/glue'.", at: ErrorLocation(option: "repo_id"))
        }
        self.kind = kind
        self.id = id
    }

    /// A repository of a model, such as `bert-base-uncased`.
    ///
    /// - Throws: `HubError` for what can't be a name.
    public static func model(_ id: String) throws(HubError) -> HubRepo { try HubRepo(id) }
    /// A repository of a dataset, such as `nyu-mll/glue`.
    ///
    /// - Throws: `HubError` for what can't be a name.
    public static func dataset(_ id: String) throws(HubError) -> HubRepo { try HubRepo(id, kind: .dataset) }

    public var description: String { "\(kind.rawValue) '\(id)'" }

    /// The folder in the cache, as `models--nyu-mll--glue`.
    public var folderName: String {
        ([kind.plural] + id.split(separator: "/").map(String.init)).joined(separator: "--")
    }

    /// Reads a cache folder's name back.
    init?(folderName: String) {
        for kind in Kind.allCases where folderName.hasPrefix(kind.plural + "--") {
            let id = folderName.dropFirst(kind.plural.count + 2).split(
                separator: "--", omittingEmptySubsequences: false)
            guard let repo = try? HubRepo(id.joined(separator: "/"), kind: kind) else { return nil }
            self = repo
            return
        }
        return nil
    }

    /// `/api/models/<id>`.
    var apiPath: String { "/api/\(kind.plural)/\(id)" }
    /// `/<id>` or `/datasets/<id>`.
    var pagePath: String { "/\(kind.prefix)\(id)" }

    private static func isName(_ part: Substring) -> Bool {
        guard let first = part.utf8.first, let last = part.utf8.last else { return false }
        let edges: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: ".")]
        return !edges.contains(first) && !edges.contains(last) && part.utf8.allSatisfy(Names.isPlain)
    }
}

/// Rules for names that come from a user or a server and become part of a path.
enum Names {
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    static func isHex(_ text: String, count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
            }
    }

    /// A full commit hash.
    static func isCommit(_ text: String) -> Bool { isHex(text, count: 40) }

    /// Whether a path with `/` stays below the folder it is joined to.
    static func staysInside(_ path: String) -> Bool {
        !path.isEmpty && path.utf8.allSatisfy { $0 != 0 }
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 255
            }
    }

    /// Whether a server's ETag can be a file name.
    static func isBlobName(_ etag: String) -> Bool {
        !etag.isEmpty && etag.utf8.count <= 128 && !etag.hasPrefix(".") && etag.utf8.allSatisfy(isPlain)
    }

    static func checkFile(_ name: String, of repo: HubRepo) throws(HubError) {
        if staysInside(name) { return }
        throw HubError(
            .badArgument, "'\(name)' of \(repo) is not a file name inside a repository",
            remedy: "File names are relative, with '/' between folders and without '.' or '..'.",
            at: ErrorLocation(path: name))
    }

    /// The largest file that is believed in, 1 PiB. The Hub takes files of up to 500 GB.
    static let sizeLimit = 1 << 50

    static func checkSize(_ size: Int, _ what: String) throws(HubError) {
        if (0...sizeLimit).contains(size) { return }
        throw HubError(
            .badAnswer, "the Hub gives \(what) a size of \(size) bytes",
            remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
            at: ErrorLocation(option: "HF_ENDPOINT"))
    }

    static func checkRevision(_ name: String, of repo: HubRepo) throws(HubError) {
        if staysInside(name) { return }
        throw HubError(
            .badArgument, "'\(name)' is not a revision of \(repo)",
            remedy: "Give a branch such as 'main', a tag, or a commit of 40 hex digits.",
            at: ErrorLocation(option: "revision"))
    }

    /// Percent-encodes one part of a URL's path; `/` is kept where `keepingSlashes`.
    static func urlEncoded(_ text: String, keepingSlashes: Bool) -> String {
        var result = ""
        for byte in text.utf8 {
            if isPlain(byte) || byte == UInt8(ascii: "~") || (keepingSlashes && byte == UInt8(ascii: "/")) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
