import CTorchInterface
import SwiftletIO
import SwiftletTensor

/// Keys and values that all processes of a run see: c10d's TCPStore.
///
/// A question gets its answer, or an error inside the store's timeout, even where the machine that keeps it hangs or
/// the network was cut. After that a store is of no use.
///
/// `Sendable` because the store guards itself with a lock, and the handle never changes.
public final class SharedStore: @unchecked Sendable {
    let handle: OpaquePointer
    /// The machine that keeps the store.
    public let host: String
    private let questions: PatientQueue
    private let timeout: Duration

    /// Connects to a store, or with `serves` opens it at `port` of this machine; port 0 takes a free one.
    ///
    /// - Throws: `ProcessError` if it can't be reached in time, or the port is taken.
    public init(host: String, port: UInt16, serves: Bool = false, timeout: Duration = .seconds(300))
        throws(ProcessError)
    {
        let questions = PatientQueue()
        // c10d's own limit comes first: it says what is wrong.
        let limit = max((timeout - min(timeout / 10, .seconds(2))).milliseconds, 1)
        let opened = questions.run(timeout) {
            var handle: OpaquePointer?
            let status = ct_store_open(host, port, serves, limit, &handle)
            return Opened(handle: handle, reason: status == 0 ? "" : shortReason(String(cString: ct_last_error())))
        }
        guard let handle = opened?.handle else {
            let reason = opened?.reason ?? "it does not answer"
            throw serves
                ? ProcessError(
                    "the store can't be opened at port \(port): \(reason)",
                    remedy: "Is the port taken? Give another one as MASTER_PORT.",
                    commandLine: "Is the port taken? Give another one as --master-port or MASTER_PORT.",
                    kind: .unreachable, at: ErrorLocation(option: "MASTER_PORT"))
                : ProcessError(
                    "the store at \(host):\(port) can't be reached within \(timeout.inWords): \(reason)",
                    remedy: "It is kept by rank 0 or its launcher. Is that running, and is the address right?",
                    kind: .unreachable, at: ErrorLocation(option: "MASTER_ADDR"))
        }
        (self.handle, self.host, self.questions, self.timeout) = (handle, host, questions, timeout)
    }

    private init(owning handle: OpaquePointer, of other: SharedStore) {
        self.handle = handle
        (host, questions, timeout) = (other.host, other.questions, other.timeout)
    }

    deinit { ct_store_free(handle) }

    /// A view of the store with `prefix` before every key.
    public func prefixed(_ prefix: String) throws(ProcessError) -> SharedStore {
        var handle: OpaquePointer?
        guard ct_store_prefixed(self.handle, prefix, &handle) == 0, let handle else {
            throw ProcessError(
                "the store has no handle: \(shortReason(String(cString: ct_last_error())))",
                remedy: "Start the processes again.", kind: .lost)
        }
        return SharedStore(owning: handle, of: self)
    }

    /// Of a store without prefix.
    public var port: UInt16 {
        var port: UInt16 = 0
        return ct_store_port(handle, &port) == 0 ? port : 0
    }

    /// Puts a text under a key, in the place of one that is there.
    ///
    /// - Throws: `ProcessError` if the store can't be reached.
    public func set(_ key: String, _ value: String) throws(ProcessError) {
        let bytes = Array(value.utf8)
        try ask { ct_store_set($0, key, bytes, bytes.count) == 0 ? () : nil }
    }

    /// Waits for the key, for as long as the store's timeout.
    public func get(_ key: String) throws(ProcessError) -> String {
        try ask(timeout) { store in
            var tensor: OpaquePointer?
            guard ct_store_get(store, key, &tensor) == 0 else { return nil }
            return tensor.map { String(decoding: Tensor(owning: $0).bytes(), as: UTF8.self) } ?? ""
        }
    }

    /// Whether something is under the key.
    ///
    /// - Throws: `ProcessError` if the store can't be reached.
    public func has(_ key: String) throws(ProcessError) -> Bool { try has(key, within: usualLimit) }

    private func has(_ key: String, within limit: Duration) throws(ProcessError) -> Bool {
        try ask(limit) { store in
            var found = false
            return ct_store_check(store, key, &found) == 0 ? found : nil
        }
    }

    /// Adds to a counter that begins at 0.
    ///
    /// - Returns: the sum.
    @discardableResult
    public func add(_ key: String, _ amount: Int = 1) throws(ProcessError) -> Int {
        try ask { store in
            var sum: Int64 = 0
            return ct_store_add(store, key, Int64(amount), &sum) == 0 ? Int(sum) : nil
        }
    }

    /// Whether the key is there within the time.
    public func wait(_ key: String, _ timeout: Duration) throws(ProcessError) -> Bool {
        let share = Self.share(self.timeout)
        if try ask(timeout + share / 2, { ct_store_wait($0, key, max(timeout.milliseconds, 1)) == 0 }) { return true }
        // A store that is gone fails here too, and then says so.
        return try has(key, within: share)
    }

    /// What a last question may take, or the end of one that waits, without much more than the timeout in all.
    private static func share(_ timeout: Duration) -> Duration {
        max(min(timeout / 10, .seconds(2)), .milliseconds(250))
    }

    /// What a question that waits for nobody may take.
    private var usualLimit: Duration { min(max(timeout / 4, .seconds(1)), timeout, .seconds(20)) }

    private struct Opened: @unchecked Sendable {
        let handle: OpaquePointer?
        let reason: String
    }

    /// - Parameter question: gives `nil` where c10d has failed.
    private func ask<Value: Sendable>(
        _ limit: Duration? = nil, _ question: @escaping @Sendable (OpaquePointer) -> Value?
    ) throws(ProcessError) -> Value {
        let answer = questions.run(limit ?? usualLimit) { [self] in
            let value = question(handle)
            // The message belongs to the thread.
            return (value, value == nil ? shortReason(String(cString: ct_last_error())) : "")
        }
        guard let (value, reason) = answer else {
            throw ProcessError(
                "the store at \(host) does not answer",
                remedy: "It is kept by rank 0 or its launcher. Does that hang, or is the network to it cut?",
                kind: .unreachable)
        }
        guard let value else {
            throw ProcessError(
                "the store at \(host) is gone: \(reason)",
                remedy: "It is kept by rank 0 or its launcher. Look there for why it ended.", kind: .lost)
        }
        return value
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
