import SwiftletIO
import SwiftletTestSupport
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        ("[1, 2.5, -3e2, true, null]", "[1, 2.5, -300.0, true, null]"),
        (#"{"b": 1, "a": {"c": []}}"#, #"{"b": 1, "a": {"c": []}}"#),
        (#""\u00e9\ud83d\ude00\n\"""#, #""\u00e9\ud83d\ude00\n\"""#),
        ("[5e-05, 1e16, NaN, -Infinity, 0.1]", "[5e-05, 1e+16, NaN, -Infinity, 0.1]"),
        (#"{"a": 1, "a": 2}"#, #"{"a": 2}"#),
    ])
    func `reads and writes as Python does`(source: String, expected: String) throws {
        #expect(try JSONValue(parsing: source).text() == expected)
    }

    @Test func `lays out like the files of the Python stack`() throws {
        let value: JSONValue = ["b": [1, 2], "a": "é", "c": [:]]
        #expect(value.text(.config) == "{\n  \"a\": \"\\u00e9\",\n  \"b\": [\n    1,\n    2\n  ],\n  \"c\": {}\n}")
        #expect(value.text(.line) == #"{"b": [1, 2], "a": "é", "c": {}}"#)
        // A terminal obeys U+009B as it does the escape, and U+202E turns the direction of a line.
        let hidden: JSONValue = ["\u{9b}2J\u{202e}é\u{7f}\u{feff}\u{2028}\u{1b}": "\u{200f}"]
        #expect(hidden.text(.line) == #"{"\u009b2J\u202eé\u007f\ufeff\u2028\u001b": "\u200f"}"#)
        #expect(try JSONValue(parsing: hidden.text(.line)) == hidden)
        #expect(hidden.text(.tokenizer).unicodeScalars.contains("\u{9b}"))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\" 1}", "01", "1 2", "\"a", "\"\\ud800\"", "\"\\ud800\\u0041\"", "tru", "\"\u{1}\"", "-",
        "1.",
        "{a: 1}",
    ])
    func `refuses what is not JSON`(source: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: source) }
    }

    @Test func `refuses nesting without end`() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
    }

    @Test func `says where the text is wrong`() throws {
        let error = try #require(throws: JSONError.self) { try JSONValue(parsing: "{\n  \"a\": x\n}") }
        #expect(error.line == 2 && error.column == 8)
    }

    @Test func `large objects keep order and last values`() throws {
        let source = "{" + (0..<100).map { "\"k\($0)\": \($0)" }.joined(separator: ",") + ", \"k7\": -1}"
        let object = try #require(try JSONValue(parsing: source).object)
        #expect(object.keys == (0..<100).map { "k\($0)" })
        #expect(object["k7"] == -1 && object["k99"] == 99 && object["absent"] == nil)
    }
}
