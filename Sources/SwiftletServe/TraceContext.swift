/// Which trace a request belongs to, by its header `traceparent` (W3C Trace Context).
struct TraceContext: Sendable, Equatable {
    let traceID: String
    let parentID: String

    /// - Returns: `nil` for a header that breaks the rules; such are to be ignored.
    init?(_ header: String?) {
        guard let parts = header?.split(separator: "-", omittingEmptySubsequences: false), parts.count >= 4 else {
            return nil
        }
        guard Self.isHex(parts[0], 2), parts[0] != "ff", Self.isHex(parts[1], 32), Self.isHex(parts[2], 16),
            Self.isHex(parts[3], 2), parts[0] != "00" || parts.count == 4,
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        traceID = String(parts[1])
        parentID = String(parts[2])
    }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
