import SwiftletIO
import Testing

@Suite struct FileNamePatternTests {
    /// What Python's `fnmatch.fnmatchcase` says of the same pairs.
    @Test(arguments: [
        ("[^a].txt", "b.txt", false), ("[^a].txt", "^.txt", true), ("[!a].txt", "b.txt", true),
        ("[!a].txt", "a.txt", false),
        ("[]a].txt", "].txt", true), ("[].txt", "[].txt", true), ("[a.txt", "[a.txt", true),
        ("[!].txt", "[!].txt", true),
        ("[a-].txt", "-.txt", true), ("[z-a].txt", "b.txt", false), ("[!]-a]", "b", true), ("[!]-a]", "^", false),
        ("a*", "a/b", true), ("*", "", true), ("?", "", false), ("**a", "a", true), ("a*b*", "ab", true),
        ("[[]", "[", true),
        ("caf\u{E9}", "cafe\u{301}", false), ("caf?", "caf\u{E9}", true), ("[a-c][x-z]", "by", true),
        ("[a-c][x-z]", "b", false),
    ])
    func `a name is matched as by Python's fnmatch`(_ pattern: String, _ name: String, _ matches: Bool) {
        #expect(FileNamePattern(pattern).matches(name) == matches, "\(pattern) of \(name)")
    }

    /// What fsspec's `glob` says, with which `datasets` finds the files of a pattern.
    @Test(arguments: [
        ("*/b", "a/b", true), ("*/b", "a/x/b", false), ("**/b", "a/x/b", true), ("**/b", "b", true),
        ("a/**", "a/b/c", true),
        ("a/**", "a", false), ("*", "a/b", false), ("a/[!x]*", "a/y1", true), ("a/[!x]*", "a/x1", false),
        ("**/train-*.csv", "data/en/train-1.csv", true), ("a/**/b/**/c", "a/b/c", true),
        ("a/**/b/**/c", "a/x/b/y/z/c", true),
    ])
    func `a path is matched part by part`(_ pattern: String, _ path: String, _ matches: Bool) {
        #expect(PathPattern(pattern.split(separator: "/")).matches(path) == matches, "\(pattern) of \(path)")
    }

    @Test func `a filter takes what is allowed and not ignored`() {
        let filter = FileNameFilter(allow: ["data/", "*.json"], ignore: ["*\\secret*"])
        let names = ["data/a.csv", "config.json", "a.csv", "data/secret.csv", "secret.json"]
        #expect(names.filter(filter.accepts) == ["data/a.csv", "config.json", "secret.json"])
        #expect(FileNameFilter(allow: nil, ignore: nil).accepts("anything"))
        #expect(!FileNameFilter(allow: [], ignore: nil).accepts("anything"))
    }

    /// Exponential or quadratic matchers would not come back from these.
    @Test func `long patterns without an end take no long time`() {
        let stars = FileNamePattern(String(repeating: "*a", count: 2000))
        #expect(!stars.matches(String(repeating: "a", count: 1999)))
        #expect(FileNamePattern(String(repeating: "[", count: 100_000)).matches(String(repeating: "[", count: 100_000)))
    }
}
