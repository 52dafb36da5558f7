/// A web address, taken apart once. Where the token may go is decided by these parts, and the request goes where they say:
/// `text` is put together from them, so no other reader of addresses can understand it differently.
///
/// Addresses come from servers too. Whatever readers of addresses disagree about is refused: backslashes, control
/// characters, user names, hosts with other characters than names and numbers have.
struct HTTPAddress: Sendable, Equatable {
    /// `http` or `https`.
    let scheme: String
    /// In lower case; an IPv6 address in its brackets.
    let host: String
    let port: Int
    /// Path and query in ASCII. It begins with `/`.
    let path: String

    /// - Throws: `HTTPAddressError`, which does not show the text where that may hold a password.
    init(_ text: String) throws(HTTPAddressError) {
        guard let end = text.firstRange(of: "://") else { throw HTTPAddressError("it is no web address") }
        let scheme = text[..<end.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw HTTPAddressError("it does not begin with 'https://' or 'http://'")
        }
        try self.init(scheme: scheme, rest: text[end.upperBound...])
    }

    /// - Parameter rest: what follows `https://`.
    private init(scheme: String, rest: Substring) throws(HTTPAddressError) {
        try Self.refuseOddities(rest)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else { throw HTTPAddressError("it holds a user name or a password") }
        (host, port) = try Self.hostAndPort(authority, scheme)
        self.scheme = scheme
        // What follows '#' is not sent.
        let tail = rest[authority.endIndex...].prefix { $0 != "#" }
        path = (tail.hasPrefix("/") ? "" : "/") + Self.encoded(tail)
    }

    private init(_ base: HTTPAddress, path: String) {
        (scheme, host, port, self.path) = (base.scheme, base.host, base.port, path)
    }

    /// Scheme, host and port, as `https://huggingface.co:443`: two addresses with the same one belong together.
    var origin: String { "\(scheme)://\(host):\(port)" }

    /// The whole address. A port that goes without saying is not said: signatures are made over the host's usual name.
    var text: String {
        let usual = scheme == "https" ? 443 : 80
        return port == usual ? "\(scheme)://\(host)\(path)" : origin + path
    }

    /// An address for messages: without the query, where object stores carry signatures.
    var shown: String { String(text.prefix { $0 != "?" }) }

    /// The address that a redirect or a link on this page means.
    func resolving(_ target: String) throws(HTTPAddressError) -> HTTPAddress {
        try Self.refuseOddities(target[...])
        if target.hasPrefix("//") { return try HTTPAddress(scheme: scheme, rest: target.dropFirst(2)) }
        if target.hasPrefix("/") { return try HTTPAddress("\(origin)\(target)") }
        // A scheme ends at the first colon, if that comes before the path.
        if target.prefix(while: { !"/?#".contains($0) }).contains(":") { return try HTTPAddress(target) }
        let own = path.prefix { $0 != "?" }
        if target.hasPrefix("?") { return try HTTPAddress("\(origin)\(own)\(target)") }
        let folder = own[...(own.lastIndex(of: "/") ?? own.startIndex)]
        return try HTTPAddress("\(origin)\(folder)\(target)")
    }

    private static func refuseOddities(_ text: Substring) throws(HTTPAddressError) {
        if text.utf8.contains(UInt8(ascii: "\\")) { throw HTTPAddressError("it holds a backslash") }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw HTTPAddressError("it holds a control character")
        }
    }

    private static func hostAndPort(_ authority: Substring, _ scheme: String) throws(HTTPAddressError) -> (String, Int)
    {
        var host = authority
        var port = scheme == "https" ? 443 : 80
        // A colon inside brackets belongs to an IPv6 address.
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            host = authority[..<colon]
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(digits),
                (1...65535).contains(number)
            else { throw HTTPAddressError("its port is no number from 1 to 65535") }
            port = number
        }
        let isIPv6 =
            host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2
            && host.dropFirst().dropLast().utf8.allSatisfy {
                isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
            }
        let isName = !host.isEmpty && host.utf8.count <= 253 && host.utf8.allSatisfy(Names.isPlain)
        guard isIPv6 || isName else { throw HTTPAddressError("its host is no name and no number of a machine") }
        return (host.lowercased(), port)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// Percent-encodes what may not stand in a path or a query; what is encoded already stays.
    private static func encoded(_ text: Substring) -> String {
        let others = Set("\"<>^`{|} ".utf8)
        var result = ""
        for byte in text.utf8 {
            if byte < 0x80, !others.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}

/// Why an address is not used.
struct HTTPAddressError: Error {
    /// Reads on after a colon.
    let problem: String

    init(_ problem: String) { self.problem = problem }
}
