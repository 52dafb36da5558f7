import SwiftletIO
import SwiftletTestSupport
import Testing

/// The pages of the course show what the programs contain.
@Suite struct PageTests {
    private struct Page {
        let name: String
        let swift: [String]
        let python: [String]
        /// `##` for a heading, the first characters of tables, lists and blocks, `text` for a paragraph.
        let skeleton: [String]

        init(_ name: String) throws {
            self.name = name
            var blocks: [String: [String]] = [:]
            var skeleton: [String] = []
            var open: (language: String, lines: [Substring])?
            let text = try MappedFile.text("\(Locations.root)/docs/\(name)")
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                if open == nil {
                    let marks = ["#", "<", "```", "- "].contains { line.hasPrefix($0) }
                    let part = line.isEmpty ? "" : marks ? String(line.prefix { $0 != " " }) : "text"
                    if part != "text" || skeleton.last != "text" && skeleton.last != "-" { skeleton.append(part) }
                }
                if line == "```", let block = open {
                    blocks[block.language, default: []].append(block.lines.joined(separator: "\n"))
                    open = nil
                } else if open != nil {
                    open?.lines.append(line)
                } else if line.hasPrefix("```") {
                    open = (String(line.dropFirst(3)), [])
                }
            }
            self.skeleton = skeleton
            swift = blocks["swift"] ?? []
            python = blocks["python"] ?? []
        }
    }

    /// What lies between `// docs: begin NAME` and `// docs: end NAME`.
    private func regions() throws -> [(name: String, code: String)] {
        var regions: [(name: String, code: String)] = []
        for program in ["processing-data", "trainer", "trainer-metrics", "full-training", "accelerate"] {
            var open: (name: String, lines: [Substring])?
            let text = try MappedFile.text("\(Locations.root)/Examples/\(program)/main.swift")
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("// docs: begin ") {
                    try #require(open == nil, "\(program): '\(line)' inside another region")
                    open = (String(line.dropFirst("// docs: begin ".count)), [])
                } else if let region = open, line == "// docs: end \(region.name)" {
                    regions.append((region.name, region.lines.joined(separator: "\n")))
                    open = nil
                } else {
                    #expect(!line.hasPrefix("// docs:"), "\(program): '\(line)' ends nothing")
                    open?.lines.append(line)
                }
            }
            #expect(open == nil, "\(program): '\(open?.name ?? "")' has no end")
        }
        return regions
    }

    @Test(arguments: ["course.md", "course.ko.md"]) func `the Swift is the programs' own`(name: String) throws {
        let page = try Page(name)
        let regions = try regions()
        #expect(regions.count > 30)
        #expect(page.python.count == page.swift.count, "each listing has both languages")
        for region in regions {
            #expect(page.swift.contains(region.code), "docs/\(name) does not show region '\(region.name)' as it is")
        }
        for block in page.swift {
            #expect(regions.contains { $0.code == block }, "docs/\(name) shows Swift that is in no program:\n\(block)")
        }
    }

    @Test func `both languages have the same headings, listings and paragraphs in the same places`() throws {
        let (english, korean) = (try Page("course.md"), try Page("course.ko.md"))
        #expect(english.skeleton == korean.skeleton)
        #expect(english.skeleton.count > 150)
        #expect(english.swift == korean.swift)
        #expect(english.python == korean.python)
    }
}
