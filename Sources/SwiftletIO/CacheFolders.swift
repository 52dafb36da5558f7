#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Where downloaded and computed files lie, under the environment variables of the Python libraries, so that both share
/// their caches.
public struct CacheFolders: Sendable, Equatable {
    /// `HF_HOME`; by default `$XDG_CACHE_HOME/huggingface`, or `~/.cache/huggingface`.
    public var home: String
    /// Downloads from the Hub: `HF_HUB_CACHE`, or `HUGGINGFACE_HUB_CACHE`; by default `hub` in `home`.
    public var hub: String
    /// Prepared datasets: `HF_DATASETS_CACHE`; by default `datasets` in `home`.
    public var datasets: String
    /// The file with the token: `HF_TOKEN_PATH`; by default `token` in `home`.
    public var token: String

    /// - Parameter environment: in place of this process's. A leading `~`, `$NAME` and `${NAME}` are replaced in the
    ///   values; names that are not set stay as they are.
    public init(environment: [String: String]? = nil) {
        func variable(_ name: String) -> String? {
            if let environment { return environment[name] }
            return getenv(name).map { String(cString: $0) }
        }
        // An empty path is no folder, so a variable that is set to nothing counts as not set.
        func path(_ name: String) -> String? {
            guard let text = variable(name), !text.isEmpty else { return nil }
            return Self.expanded(text, variable)
        }
        home =
            path("HF_HOME")
            ?? FileSystem.join(path("XDG_CACHE_HOME") ?? Self.expanded("~/.cache", variable), "huggingface")
        hub = path("HF_HUB_CACHE") ?? path("HUGGINGFACE_HUB_CACHE") ?? FileSystem.join(home, "hub")
        datasets = path("HF_DATASETS_CACHE") ?? FileSystem.join(home, "datasets")
        token = path("HF_TOKEN_PATH") ?? FileSystem.join(home, "token")
    }

    /// The folders of this type.
    public enum Part: Sendable, CaseIterable {
        /// The folder that the others lie in, unless variables say otherwise: `~/.cache/huggingface`.
        case home
        /// Downloads of the Hub.
        case hub
        /// Prepared datasets and results of `map`.
        case datasets
        /// The file with the token of the Hub.
        case token
    }

    /// The environment variable that decided where a folder is: the first of those named at its property that is set to
    /// something; `nil` where none is.
    ///
    /// - Parameter environment: in place of this process's.
    public static func variable(for part: Part, environment: [String: String]? = nil) -> String? {
        func isSet(_ name: String) -> Bool {
            if let environment { return environment[name].map { !$0.isEmpty } ?? false }
            return getenv(name).map { $0.pointee != 0 } ?? false
        }
        let own =
            switch part {
            case .home: [String]()
            case .hub: ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]
            case .datasets: ["HF_DATASETS_CACHE"]
            case .token: ["HF_TOKEN_PATH"]
            }
        return (own + ["HF_HOME", "XDG_CACHE_HOME"]).first(where: isSet)
    }

    private static func expanded(_ text: String, _ variable: (String) -> String?) -> String {
        var rest = text[...]
        var result = ""
        if rest == "~" || rest.hasPrefix("~/"), let home = variable("HOME") {
            result = home
            rest = rest.dropFirst()
        }
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            var name = rest[rest.index(after: dollar)...]
            let isBraced = name.first == "{" && name.contains("}")
            if isBraced {
                name = name.dropFirst().prefix { $0 != "}" }
            } else {
                name = name.prefix { $0 == "_" || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
            }
            let end = isBraced ? rest.index(after: name.endIndex) : name.endIndex
            result += variable(String(name)) ?? String(rest[dollar..<end])
            rest = rest[end...]
        }
        return result + rest
    }
}
