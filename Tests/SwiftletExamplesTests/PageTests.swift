import SwiftletIO
import SwiftletTestSupport
import Testing

/// The pages show what the programs contain.
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

    private static let coursePrograms = [
        "processing-data", "trainer", "trainer-metrics", "full-training", "accelerate",
    ]

    /// What lies between `// docs: begin NAME` and `// docs: end NAME`, without the indentation of these lines.
    private func regions(of programs: [String]) throws -> [(name: String, code: String)] {
        var regions: [(name: String, code: String)] = []
        for program in programs {
            var open: (name: String, indent: Int, lines: [Substring])?
            let text = try MappedFile.text("\(Locations.root)/Examples/\(program)/main.swift")
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                let content = line.drop { $0 == " " }
                if content.hasPrefix("// docs: begin ") {
                    try #require(open == nil, "\(program): '\(line)' inside another region")
                    open = (String(content.dropFirst("// docs: begin ".count)), line.count - content.count, [])
                } else if let region = open, content == "// docs: end \(region.name)" {
                    regions.append((region.name, region.lines.joined(separator: "\n")))
                    open = nil
                } else {
                    #expect(!content.hasPrefix("// docs:"), "\(program): '\(line)' ends nothing")
                    let indent = open?.indent ?? 0
                    #expect(line.prefix(indent).allSatisfy { $0 == " " }, "\(program): '\(line)' is less indented")
                    open?.lines.append(line.dropFirst(indent))
                }
            }
            #expect(open == nil, "\(program): '\(open?.name ?? "")' has no end")
        }
        return regions
    }

    @Test(arguments: [
        ("course.md", coursePrograms, 30), ("course.ko.md", coursePrograms, 30), ("tasks.md", ["tasks"], 4),
        ("pipelines.md", ["pipelines"], 10),
    ])
    func `the Swift is the programs' own`(name: String, programs: [String], count: Int) throws {
        let page = try Page(name)
        let regions = try regions(of: programs)
        #expect(regions.count > count)
        if programs == Self.coursePrograms {
            #expect(page.python.count == page.swift.count, "each listing has both languages")
        }
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
