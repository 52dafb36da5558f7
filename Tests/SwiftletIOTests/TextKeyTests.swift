import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct TextKeyTests {
    private let composed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    @Test func `canonically equal texts are two keys`() {
        #expect(composed == decomposed, "else there would be nothing to test")
        #expect(TextKey(composed) != TextKey(decomposed) && !composed.isSame(as: decomposed))
        #expect([composed, decomposed, composed].textKeys.count == 2)
        #expect([composed, decomposed].firstIndex(ofText: decomposed) == 1)
        #expect(![composed].contains(text: decomposed) && [composed[...]].contains(text: composed))
        #expect(![composed].areSame(as: [decomposed]) && [composed].areSame(as: [composed[...]]))
        // The Kelvin sign is a K, and the Greek question mark a semicolon, for Swift alone.
        #expect(TextKey("\u{212A}") != TextKey("K") && TextKey("\u{37E}") != TextKey(";"))
        #expect(TextKey("") == TextKey(String()) && TextKey("a") != TextKey("ab"))
    }

    @Test func `the order is that of code points`() {
        let texts = ["\u{10000}", "\u{FFFD}", "e\u{301}", "\u{E9}", "f", "Z", "a", ""]
        #expect(
            texts.sortedByCodePoints().areSame(as: ["", "Z", "a", "e\u{301}", "f", "\u{E9}", "\u{FFFD}", "\u{10000}"]))
        #expect(texts.map { TextKey($0) }.sorted().map(\.text).areSame(as: texts.sortedByCodePoints()))
    }

    @Test func `objects keep both keys, few or many`() throws {
        for more in [0, 40] {
            let rest = (0..<more).map { ", \"k\($0)\": \($0)" }.joined()
            var object = try #require(
                try JSONValue(parsing: "{\"\(composed)\": 1, \"\(decomposed)\": 2\(rest), \"\(composed)\": 3}").object)
            #expect(object.count == more + 2)
            #expect(object[composed]?.int == 3 && object[decomposed]?.int == 2)
            object[composed] = nil
            #expect(object.count == more + 1 && object[composed] == nil && object[decomposed]?.int == 2)
            #expect(more == 0 || object["k39"]?.int == 39)
        }
        #expect(JSONValue.string(composed) != .string(decomposed))
        #expect(JSONValue.object([composed: 1]) != .object([decomposed: 1]))
        let object: JSONValue = .object([composed: 1, "cafz": 2, decomposed: 3])
        #expect(object.text(JSONStyle(sortsKeys: true)) == #"{"cafe\u0301": 3, "cafz": 2, "caf\u00e9": 1}"#)
    }

    /// Dictionaries and sets of `String` compare canonically. Whatever holds text of a file, an option or a server has
    /// `TextKey` for its keys; the files named here hold something else, or text that can't be in two forms.
    @Test func `texts from outside have no String for their keys`() throws {
        let allowed: [String: String] = [
            "SwiftletIO/TextKey.swift": "the key itself",
            "SwiftletIO/AtomicFile.swift": "paths that this process makes",
            "SwiftletIO/CacheFolders.swift": "environment variables, as the system compares them",
            "SwiftletDatasets/ColumnData.swift": "a dictionary that a caller's code hands over",
            "SwiftletDatasets/DatasetColumns.swift": "a dictionary that a caller's code hands over",
            "SwiftletDatasets/DatasetDict.swift": "a dictionary that a caller's code hands over",
            "SwiftletDatasets/DatasetMap.swift": "a dictionary that a caller's code hands over",
            "SwiftletDatasets/DatasetCache.swift": "what the system says of files, as numbers",
            "SwiftletDatasets/Reading.swift": "endings of file names that are known here",
            "SwiftletDatasets/FileSource.swift": "endings of file names that are known here",
            "SwiftletMetrics": "names of options and scores, which are known here",
            "SwiftletHub": "headers, environment variables, hashes and paths, as the system compares them",
            "SwiftletCLI": "names of flags and of environment variables",
            "SwiftletCommandLine": "names of options that a command has",
            "SwiftletTokenizers/Loading/TokenizerFamily.swift": "names that are known here",
            "SwiftletTokenizers/Regex/PropertyNames.swift": "names that are known here",
            "SwiftletModels": "names of parameters and classes that are known here",
            "SwiftletNN": "names of parameters and options that are known here",
            "SwiftletTasks/SentenceEmbeddings": "names of activations that are known here",
            "SwiftletCheckpoints/Pickle/PickleValue.swift": "names of PyTorch's types that are known here",
            "SwiftletIO/MachineProcessor.swift": "what the system says of the processor",
            "SwiftletReports": "names of files, columns and fields that are known here",
            "SwiftletServe": "names of tasks, and of models, which have ASCII letters, digits and -_. only",
            "SwiftletServeCLI": "names of models, as in SwiftletServe",
            "SwiftletRunLog": "names of metrics and tasks that are known here",
            "SwiftletTraining": "names of arguments, parameters, metrics and operations that are known here",
            "Swiftlet/ToTheHub.swift": "paths of files that were just written",
        ]
        let pattern = /\[String:\s|Set<String>|Dictionary<String/
        var found = 0
        func visit(_ folder: String, _ name: String) throws {
            for file in try FileSystem.names(in: folder) {
                let (path, inner) = (FileSystem.join(folder, file), name.isEmpty ? file : "\(name)/\(file)")
                if FileSystem.isDirectory(path) {
                    try visit(path, inner)
                } else if file.hasSuffix(".swift") {
                    for (number, line) in try MappedFile.text(path).split(
                        separator: "\n", omittingEmptySubsequences: false
                    ).enumerated()
                    where line.contains(pattern) {
                        found += 1
                        let isAllowed = allowed.keys.contains { inner == $0 || inner.hasPrefix("\($0)/") }
                        #expect(isAllowed, "\(inner):\(number + 1): \(line)")
                    }
                }
            }
        }
        try visit("\(Locations.root)/Sources", "")
        #expect(found > 20, "the sources are read")
    }

    /// The same for comparisons of names in arrays, in the modules whose names come from data.
    @Test func `names from data are looked up by code points`() throws {
        let allowed = [
            // Characters, code points, places and numbers, not texts.
            "ndex(of: \"", "ndex(of: UInt8(", "ndex(of: mention)", "names == nil", "Names == nil", "byClass.keys",
            "cells.keys", "types.keys", "numbers.keys",
        ]
        let pattern =
            /\.(firstIndex|lastIndex)\(of:|[nN]ames\.contains\([a-z$]|columns\.contains\([a-z$]|splits\.contains\([a-z$]|\.keys\.sorted\(\)|[nN]ames\.sorted\(\)|names == |columnNames == |Set\([a-z.]*[nN]ames\)/
        for module in ["SwiftletIO", "SwiftletDatasets", "SwiftletMetrics"] {
            let folder = "\(Locations.root)/Sources/\(module)"
            for file in try FileSystem.names(in: folder) where file.hasSuffix(".swift") && file != "TextKey.swift" {
                for (number, line) in try MappedFile.text("\(folder)/\(file)").split(
                    separator: "\n", omittingEmptySubsequences: false
                ).enumerated()
                where line.contains(pattern) && !line.contains("contains(text:") {
                    #expect(allowed.contains { line.contains($0) }, "\(module)/\(file):\(number + 1): \(line)")
                }
            }
        }
    }
}

@Suite struct CheckedNumberTests {
    @Test func `numbers from outside stay within their range`() throws {
        for value in [Double.nan, .infinity, -.infinity, 1e300, -1e300, 0x1p63] {
            #expect(CheckedNumber.int(value) == nil)
            #expect(throws: NumberError.self) { try CheckedNumber.int(value, named: "steps", in: 0...10) }
        }
        #expect(CheckedNumber.int(3.9) == 3 && CheckedNumber.int(-3.9) == -3 && CheckedNumber.int(-0x1p63) == .min)
        #expect(CheckedNumber.int(11.0, in: 0...10) == nil && CheckedNumber.int(10.5, in: 0...10) == 10)
        #expect(CheckedNumber.int(Int.max, in: 0...10) == nil && CheckedNumber.int(3, in: 0...10) == 3)
        #expect(CheckedNumber.clamped(.infinity, to: 0...10) == 10 && CheckedNumber.clamped(.nan, to: 2...10) == 2)
        #expect(CheckedNumber.clamped(-1e300, to: 0...10) == 0 && CheckedNumber.clamped(4.5, to: 0...10) == 4)
        let error = #expect(throws: NumberError.self) {
            try CheckedNumber.int(1e300, named: "--save-steps", in: 1...(.max))
        }
        #expect(error?.description == "--save-steps is 1e+300, which is not 1 or more\nGive 1 or more.")
        let whole = #expect(throws: NumberError.self) { try CheckedNumber.int(7, named: "n", in: 0...3) }
        #expect(whole?.message == "n is 7, which is not from 0 to 3")
    }

    @Test func `sizes don't overflow`() {
        #expect(CheckedNumber.product([3, 4, 5]) == 60 && CheckedNumber.product([]) == 1)
        #expect(CheckedNumber.product([.max, 2]) == nil && CheckedNumber.product([-1, 2]) == nil)
        #expect(CheckedNumber.product([.max, .max, 0]) == 0 && CheckedNumber.product([0, -1]) == nil)
        #expect(CheckedNumber.product([3, 4], atMost: 11) == nil)
        #expect(
            CheckedNumber.sum([1, 2]) == 3 && CheckedNumber.sum([.max, 1]) == nil && CheckedNumber.sum([5, -1]) == nil)
        #expect(CheckedNumber.sum([5, 6], atMost: 10) == nil)
    }
}
