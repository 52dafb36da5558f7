import CTorch

/// Keys and values that all processes of a run see: c10d's TCPStore.
///
/// `Sendable` because the store guards itself with a lock, and the handle never changes.
public final class SharedStore: @unchecked Sendable {
    let handle: OpaquePointer
    public let host: String

    /// Connects to a store, or with `serves` opens it at `port` of this machine; port 0 takes a free one.
    ///
    /// - Throws: `ProcessError` if it can't be reached in time, or the port is taken.
    public init(host: String, port: UInt16, serves: Bool = false, timeout: Duration = .seconds(300)) throws(ProcessError) {
        var handle: OpaquePointer?
        let status = ct_store_open(host, port, serves, timeout.milliseconds, &handle)
        guard status == 0, let handle else {
            let reason = shortReason(String(cString: ct_last_error()))
            throw serves
                ? ProcessError(
                    "the store can't be opened at port \(port): \(reason)",
                    remedy: "Is the port taken? Give another one as --master-port or MASTER_PORT.")
                : ProcessError(
                    "the store at \(host):\(port) can't be reached within \(timeout.inWords): \(reason)",
                    remedy: "It is kept by rank 0 or its launcher. Is that running, and is the address right?")
        }
        self.handle = handle
        self.host = host
    }

    private init(owning handle: OpaquePointer, host: String) {
        self.handle = handle
        self.host = host
    }

    deinit { ct_store_free(handle) }

    /// The same store with `prefix` before every key.
    public func prefixed(_ prefix: String) throws(ProcessError) -> SharedStore {
        var handle: OpaquePointer?
        try check(ct_store_prefixed(self.handle, prefix, &handle))
        guard let handle else { throw ProcessError("the store has no handle") }
        return SharedStore(owning: handle, host: host)
    }

    /// Of a store without prefix.
    public var port: UInt16 {
        var port: UInt16 = 0
        return ct_store_port(handle, &port) == 0 ? port : 0
    }

    public func set(_ key: String, _ value: String) throws(ProcessError) {
        let bytes = Array(value.utf8)
        try check(ct_store_set(handle, key, bytes, bytes.count))
    }

    /// Waits for the key, for as long as the store's timeout.
    public func get(_ key: String) throws(ProcessError) -> String {
        var tensor: OpaquePointer?
        try check(ct_store_get(handle, key, &tensor))
        return tensor.map { String(decoding: Tensor(owning: $0).bytes(), as: UTF8.self) } ?? ""
    }

    public func has(_ key: String) throws(ProcessError) -> Bool {
        var found = false
        try check(ct_store_check(handle, key, &found))
        return found
    }

    /// Adds to a counter that begins at 0.
    ///
    /// - Returns: the sum.
    @discardableResult
    public func add(_ key: String, _ amount: Int = 1) throws(ProcessError) -> Int {
        var sum: Int64 = 0
        try check(ct_store_add(handle, key, Int64(amount), &sum))
        return Int(sum)
    }

    /// Whether the key is there within the time.
    public func wait(_ key: String, _ timeout: Duration) throws(ProcessError) -> Bool {
        if ct_store_wait(handle, key, max(timeout.milliseconds, 1)) == 0 { return true }
        // A store that is gone fails here too, and then says so.
        return try has(key)
    }

    private func check(_ status: Int32) throws(ProcessError) {
        guard status != 0 else { return }
        throw ProcessError("the store at \(host) is gone: \(shortReason(String(cString: ct_last_error())))")
    }
}

/// The first line of a message of c10d, whose further ones are for its developers.
func shortReason(_ message: String) -> String {
    var line = message.split(separator: "\n").first.map(String.init) ?? message
    // Gloo's advice to look elsewhere, where these errors say who is missing.
    if let advice = line.firstRange(of: ". This is typically caused by") { line = String(line[..<advice.lowerBound]) }
    // "[../gloo/transport/tcp/pair.cc:547] Connection closed by peer"
    guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return line }
    return line[line.index(after: end)...].drop { $0 == " " }.description
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }

    /// "90 s", "0.5 s"
    var inWords: String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(Double(milliseconds) / 1000) s"
    }
}

extension Tensor {
    func bytes() -> [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}
