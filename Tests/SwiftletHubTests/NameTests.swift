import SwiftletHub
import SwiftletIO
import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct NameTests {
    @Test func `names follow the Hub's rules`() throws {
        #expect(try HubRepo("nyu-mll/glue", kind: .dataset).folderName == "datasets--nyu-mll--glue")
        #expect(try HubRepo("bert-base-uncased").folderName == "models--bert-base-uncased")
        for name in [
            "", "a/b/c", "/a", "a/", "../a", "a..b", "a--b", ".a", "a.", "-a", "a b", "a.git", "a\u{0}b", "ü",
            String(repeating: "a", count: 97),
        ] {
            let error = #expect(throws: HubError.self) { try HubRepo(name) }
            #expect(error?.kind == .badArgument)
        }
    }

    @Test(arguments: [
        ("*.json", "a.json", true), ("*.json", "b/a.json", true), ("*.json", "a.jsonl", false),
        ("data/", "data/x/y", true),
        ("data/", "data", false), ("a?c", "abc", true), ("a?c", "ac", false), ("[ab].txt", "b.txt", true),
        ("[!ab].txt", "b.txt", false),
        ("[a-c]*", "cat", true), ("[]x]", "]", true), ("[x", "[x", true), ("*a*b*c", "xxaxxbxxbc", true),
        ("*a*b*c", "xxaxxcxxb", false),
        ("", "", true), ("*", "", true), ("A*", "a", false), ("data\\x", "data/x", true), ("**/x", "a/b/x", true),
        ("?", "ü", true),
    ])
    func `patterns are those of Python's fnmatch`(_ pattern: String, _ name: String, _ matches: Bool) {
        #expect(FileNameFilter(allow: [pattern], ignore: nil).accepts(name) == matches)
        #expect(FileNameFilter(allow: nil, ignore: [pattern]).accepts(name) != matches)
    }

    @Test func `settings come from the environment as in Python`() throws {
        let plain = try HubSettings(environment: ["HOME": "/home/u"])
        #expect(plain.cacheFolder == "/home/u/.cache/huggingface/hub" && plain.endpoint == "https://huggingface.co")
        #expect(plain.token == nil && !plain.isOffline && plain.requestTimeout == 10)
        let folder = try TemporaryDirectory()
        try write("hf_file\n", folder.file("token"))
        let home = try HubSettings(environment: [
            "HF_HOME": "$ROOT/x/..", "ROOT": folder.path, "HF_HUB_OFFLINE": "yes", "HF_ENDPOINT": "http://h:1/",
        ])
        #expect(home.cacheFolder == "\(folder.path)/x/../hub" && home.isOffline && home.endpoint == "http://h:1")
        #expect(try HubSettings(environment: ["HF_HOME": folder.path]).token != nil)
        #expect(
            try HubSettings(environment: ["HF_HOME": folder.path, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]).token == nil)
        #expect(
            try HubSettings(environment: ["HOME": "/h", "XDG_CACHE_HOME": "/c"]).cacheFolder == "/c/huggingface/hub")
        #expect(
            try HubSettings(environment: ["HOME": "/h", "HF_HUB_CACHE": "~/${N}y", "N": "x"]).cacheFolder == "/h/xy")
        for (name, value) in [
            ("HF_ENDPOINT", "ftp://x"), ("HF_HUB_DOWNLOAD_TIMEOUT", "soon"), ("HF_HUB_ETAG_TIMEOUT", "-1"),
        ] {
            let error = #expect(throws: HubError.self) { try HubSettings(environment: [name: value]) }
            #expect(error?.message.contains(name) ?? false)
        }
    }
}
