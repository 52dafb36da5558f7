import SwiftletIO
import SwiftletTestSupport
import Testing

/// Every error that the package throws says of which kind it is, and where its cause lies as far as its message knows.
@Suite struct ThrowSitesTests {
    /// Those with a kind that the initializer would otherwise fill in.
    static let errors = [
        "DatasetError", "ModelError", "TrainingError", "TensorError", "ProcessError", "SchedulerError",
        "OptimizerError",
        "SafetensorsError", "PickleError", "FileError", "HubError", "TaskError", "InferenceError",
    ]

    @Test(arguments: [
        "SwiftletIO", "SwiftletDatasets", "SwiftletHub", "SwiftletRunLog", "SwiftletTensor", "SwiftletCheckpoints",
        "SwiftletDistributed", "SwiftletNN", "SwiftletModels", "SwiftletTraining", "SwiftletTasks", "Swiftlet",
    ])
    func `errors have a kind, and the location that their message names`(_ module: String) throws {
        var count = 0
        for file in try sources("\(Locations.root)/Sources/\(module)") {
            for call in Self.calls(in: try MappedFile.text(file)) {
                count += 1
                let place = "\(file):\(call.line): \(call.name)"
                // What wraps another error takes over its kind.
                let wraps = call.arguments.contains { $0 == "error" || $0.hasPrefix("failure: ") }
                #expect(
                    wraps || call.labels.contains("kind") || call.arguments.first?.first == ".", "\(place): no kind")
                // Tasks have no files of their own; what they say of rows and columns is in their own tests.
                guard let message = call.message, module != "SwiftletTasks" else { continue }
                let names = ["column '\\(", "split '\\(", "row \\(", "'\\(path)'", "'\\(folder)'", "'\\(file)'"]
                guard let named = names.first(where: message.contains), !wraps else { continue }
                #expect(
                    !call.labels.isDisjoint(with: ["at", "path"]), "\(place): names \(named)...) and has no location")
            }
        }
        // `Swiftlet` and `SwiftletRunLog` have few or none.
        #expect(count > 0 || module == "SwiftletRunLog", "nothing was found in \(module): does the search still work?")
    }

    @Test func `the search sees calls as the compiler does`() throws {
        let text = #"""
            throw ModelError("a \(x.map { "b)" } ?? ",") c", kind: .inputs,
                at: ErrorLocation(path: path))
            throw TaskError(.column, "d")
            // FileError("in a comment")
            extension HubError {}
            """#
        let calls = Self.calls(in: text)
        #expect(calls.map(\.name) == ["ModelError", "TaskError"] && calls.map(\.line) == [1, 3])
        let first = try #require(calls.first)
        #expect(first.labels == ["kind", "at"] && first.arguments.count == 3)
        #expect(first.message == #""a \(x.map { "b)" } ?? ",") c""#)
        #expect(calls.last?.arguments == [".column", "\"d\""])
    }

    // MARK: Reading Swift

    struct Call {
        var name: String
        var line: Int
        /// Each as it is written, with its label.
        var arguments: [String] = []

        var labels: Set<String> { Set(arguments.compactMap(Self.label)) }
        /// The first argument that is a text.
        var message: String? { arguments.first { $0.contains("\"") && Self.label($0).map { $0 == "problem" } ?? true } }

        static func label(_ argument: String) -> String? {
            let name = argument.prefix { $0.isLetter }
            return argument.dropFirst(name.count).hasPrefix(": ") && !name.isEmpty ? String(name) : nil
        }
    }

    static func calls(in text: String) -> [Call] {
        let bytes = Array(text.utf8)
        let end = Array("Error(".utf8)
        var (calls, lineStart, line) = ([Call](), 0, 1)
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "\n") { (lineStart, line) = (index + 1, line + 1) }
            guard bytes[index] == end[0], bytes[index...].starts(with: end) else { continue }
            let before = String(decoding: bytes[lineStart..<index], as: UTF8.self)
            let name = String(before.reversed().prefix(while: \.isLetter).reversed()) + "Error"
            let isWhole = before.dropLast(name.count - 5).last.map { $0 != "." && $0 != "_" } ?? true
            guard errors.contains(name), isWhole, !before.contains("//") else { continue }
            // A catch clause or a typed throw has the name too, but no call.
            guard !before.hasSuffix("throws(") else { continue }
            calls.append(Call(name: name, line: line, arguments: arguments(bytes[(index + end.count)...])))
        }
        return calls
    }

    /// The arguments from after an open parenthesis on. Texts, and what is computed inside of them, are taken as wholes.
    private static func arguments(_ bytes: ArraySlice<UInt8>) -> [String] {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        var (result, current, open) = ([String](), [UInt8](), [UInt8]())
        var index = bytes.startIndex
        func finished() -> [String] {
            let last = String(decoding: current, as: UTF8.self).trimmed
            return last.isEmpty ? result : result + [last]
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            if open.last == quote {
                if byte == backslash, index + 1 < bytes.endIndex {
                    current += bytes[index...(index + 1)]
                    if bytes[index + 1] == UInt8(ascii: "(") { open.append(bytes[index + 1]) }
                    index += 2
                    continue
                }
                if byte == quote { open.removeLast() }
            } else if byte == quote || "([{".utf8.contains(byte) {
                open.append(byte)
            } else if ")]}".utf8.contains(byte) {
                guard open.popLast() != nil else { return finished() }
            } else if byte == UInt8(ascii: ","), open.isEmpty {
                result = finished()
                current = []
                index += 1
                continue
            }
            current.append(byte)
            index += 1
        }
        return result
    }

    private func sources(_ folder: String) throws -> [String] {
        try FileSystem.names(in: folder).flatMap { name in
            let path = FileSystem.join(folder, name)
            return FileSystem.isDirectory(path) ? try sources(path) : name.hasSuffix(".swift") ? [path] : []
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
