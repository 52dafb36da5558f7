import SwiftletIO
import Testing

@Suite struct TerminalStyleTests {
    private func isOn(_ isTerminal: Bool, _ variables: [String: String]) -> Bool {
        TerminalStyle(isTerminal: isTerminal) { variables[$0] }.isOn
    }

    @Test(
        arguments: [
            ([:], true, false), (["NO_COLOR": "1"], false, false), (["NO_COLOR": ""], true, false),
            (["TERM": "dumb"], false, false), (["CLICOLOR": "0"], false, false), (["CLICOLOR": "1"], true, false),
            (["CLICOLOR_FORCE": "1"], true, true), (["CLICOLOR_FORCE": "0"], true, false),
            (["FORCE_COLOR": "3"], true, true),
            (["FORCE_COLOR": "0"], true, false), (["FORCE_COLOR": "1", "NO_COLOR": "1"], false, false),
            (["FORCE_COLOR": "1", "TERM": "dumb"], true, true),
        ] as [([String: String], Bool, Bool)])
    func `variables decide`(variables: [String: String], terminal: Bool, file: Bool) {
        #expect(isOn(true, variables) == terminal && isOn(false, variables) == file, "\(variables)")
    }

    @Test func `the word before the colon is coloured`() {
        let on = TerminalStyle(isTerminal: true) { _ in nil }
        #expect(on.message("error: no file\nerror: x") == "\u{1B}[1;31merror:\u{1B}[0m no file\nerror: x")
        #expect(on.message("note: a") == "\u{1B}[36mnote:\u{1B}[0m a" && on.message("an error: a") == "an error: a")
        #expect(on("", .heading).isEmpty && on("x", .heading) == "\u{1B}[1mx\u{1B}[0m")
        let off = TerminalStyle(isTerminal: false) { _ in nil }
        #expect(off.message("error: a") == "error: a" && off("x", .heading) == "x")
    }

    /// In `flatMap { $0.isNull ? nil : $0 }` the compiler takes that `nil` for `.null`.
    @Test func `null is nothing`() {
        let value: JSONValue? = JSONValue.null
        #expect(value.flatMap(\.nonNull) == Optional<JSONValue>.none && JSONValue.int(0).nonNull?.int == 0)
        if value?.nonNull != Optional<JSONValue>.none { Issue.record("null was taken for a value") }
    }
}
