/// A user's access token. It prints as dots and has no coding, so that it can't end up in a log or a file by accident.
public struct HubToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let value: String

    /// Line ends and spaces around the token are dropped; `nil` where nothing remains.
    public init?(_ text: String) {
        let bytes = text.utf8.filter { $0 > 0x20 && $0 < 0x7F }
        guard !bytes.isEmpty else { return nil }
        value = String(decoding: bytes, as: UTF8.self)
    }

    public var description: String { "•••" }
    public var debugDescription: String { description }
    /// Shows nothing, so that no log has the token.
    public var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }

    /// The text with the token replaced, for a message that quotes a server.
    func redacted(_ text: String) -> String {
        text.split(separator: value, omittingEmptySubsequences: false).joined(separator: "•••")
    }
}
