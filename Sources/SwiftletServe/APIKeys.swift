import HTTPTypes

/// The keys that open a server.
struct APIKeys: Sendable {
    private let keys: [[UInt8]]

    init(_ keys: [String]) { self.keys = keys.map { Array($0.utf8) } }

    /// - Throws: `RequestError` with status 401 unless the request has one of the keys, where there are any.
    func check(_ headers: HTTPFields) throws {
        guard !keys.isEmpty else { return }
        let given = Self.token(headers[.authorization])
        // All are compared, whichever fits: the time tells nothing about them.
        var fits = false
        for key in keys where Self.isSame(given ?? [], key) { fits = true }
        if given != nil, fits { return }
        throw RequestError(
            .unauthorized, .validation, cause: "unauthorized",
            given == nil
                ? "an API key is needed: send the header Authorization: Bearer KEY"
                : "the API key is not one of the server's",
            closes: true, headers: [.wwwAuthenticate: "Bearer"])
    }

    private static func token(_ header: String?) -> [UInt8]? {
        guard let header else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return Array(parts[1].utf8)
    }

    /// Takes as long for a text that differs at its beginning as for one that differs at its end.
    private static func isSame(_ given: [UInt8], _ key: [UInt8]) -> Bool {
        var difference = UInt(bitPattern: given.count ^ key.count)
        for index in given.indices { difference |= UInt(given[index] ^ key[index % key.count]) }
        return difference == 0
    }
}
