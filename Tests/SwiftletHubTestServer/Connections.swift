import Foundation
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A request as it came over the wire.
struct ServerRequest {
    var method: String
    /// Percent-encoded, without the query.
    var path: String
    var query: [String: String]
    var headers: [String: String]
    var body: [UInt8]

    subscript(header: String) -> String? { headers[header.lowercased()] }
}

/// An answer, and what goes wrong on its way.
struct ServerResponse {
    var status = 200
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    /// What `Content-Length` says, if that is not the truth; `nil` for the truth.
    var statedLength: Int?
    /// The connection is cut after this many bytes of the body.
    var cutAfter: Int?
    /// Seconds of silence after this many bytes of the body.
    var pause: (after: Int, seconds: Double)?
    /// Told when that silence is over.
    var pauseEnds: (@Sendable () -> Void)?
    /// Bytes are sent in pieces of this size with a pause after each.
    var pace: (bytes: Int, seconds: Double)?
    /// Bytes are sent until nobody takes them any more.
    var isEndless = false
    /// Told when nobody takes an endless body any more that was sent without a pause.
    var floodEnds: (@Sendable () -> Void)?

    static func json(_ text: String, status: Int = 200) -> ServerResponse {
        ServerResponse(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }
}

/// Listens on a free port of this machine and answers each connection on a thread of its own.
final class Listener: Sendable {
    let port: Int
    private let descriptor: Int32
    private let open = Mutex<Set<Int32>?>([])
    private let answer: @Sendable (ServerRequest) -> ServerResponse

    init(_ answer: @escaping @Sendable (ServerRequest) -> ServerResponse) throws {
        self.answer = answer
        #if canImport(Darwin)
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 128) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard descriptor >= 0, isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { self.accept() }
    }

    func stop() {
        let connections = open.withLock { set -> Set<Int32> in
            defer { set = nil }
            return set ?? []
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
        for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    private func accept() {
        while true {
            #if canImport(Darwin)
            let connection = Darwin.accept(descriptor, nil, nil)
            #else
            let connection = Glibc.accept(descriptor, nil, nil)
            #endif
            let isRunning = open.withLock { $0 != nil }
            guard connection >= 0 else {
                if isRunning, errno == EINTR || errno == ECONNABORTED || errno == EMFILE { continue }
                return
            }
            var on: Int32 = 1
            setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
            #if canImport(Darwin)
            setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
            #endif
            open.withLock { _ = $0?.insert(connection) }
            Thread.detachNewThread { self.serve(connection) }
        }
    }

    private func serve(_ connection: Int32) {
        defer {
            open.withLock { _ = $0?.remove(connection) }
            close(connection)
        }
        var reader = RequestReader(connection)
        while let request = reader.next() {
            let response = answer(request)
            let isKept = ResponseWriter(connection).write(response, isHead: request.method == "HEAD")
            if !isKept || request["Connection"]?.lowercased() == "close" { return }
        }
    }
}

/// Takes requests from a connection, one after the other.
private struct RequestReader {
    private let connection: Int32
    private var buffer: [UInt8] = []

    init(_ connection: Int32) { self.connection = connection }

    mutating func next() -> ServerRequest? {
        guard let head = line(endingWith: "\r\n\r\n") else { return nil }
        let lines = head.components(separatedBy: "\r\n")
        let parts = lines[0].split(separator: " ")
        guard parts.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        if headers["expect"]?.lowercased() == "100-continue" {
            _ = ResponseWriter(connection).send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        var body: [UInt8] = []
        if headers["transfer-encoding"]?.lowercased() == "chunked" {
            while let size = line(endingWith: "\r\n").flatMap({ Int($0.prefix { $0 != ";" }, radix: 16) }) {
                guard let chunk = take(size), line(endingWith: "\r\n") != nil else { return nil }
                if size == 0 { break }
                body += chunk
            }
        } else if let length = headers["content-length"].flatMap({ Int($0) }) {
            guard let bytes = take(length) else { return nil }
            body = bytes
        }
        let target = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var query: [String: String] = [:]
        for pair in target.dropFirst().first?.split(separator: "&") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                String($0).removingPercentEncoding ?? ""
            }
            query[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        return ServerRequest(
            method: String(parts[0]), path: String(target[0]), query: query, headers: headers, body: body)
    }

    private mutating func line(endingWith end: String) -> String? {
        let end = Array(end.utf8)
        var searched = 0
        while true {
            while searched + end.count <= buffer.count {
                if buffer[searched..<searched + end.count].elementsEqual(end) {
                    let text = String(decoding: buffer[..<searched], as: UTF8.self)
                    buffer.removeFirst(searched + end.count)
                    return text
                }
                searched += 1
            }
            guard buffer.count < 1 << 20, more() else { return nil }
        }
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0 else { return nil }
        while buffer.count < count { guard more() else { return nil } }
        let bytes = Array(buffer[..<count])
        buffer.removeFirst(count)
        return bytes
    }

    private mutating func more() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        let count = recv(connection, &chunk, chunk.count, 0)
        if count < 0, errno == EINTR { return true }
        guard count > 0 else { return false }
        buffer += chunk[..<count]
        return true
    }
}

private struct ResponseWriter {
    let connection: Int32

    init(_ connection: Int32) { self.connection = connection }

    /// - Returns: whether the connection can go on.
    func write(_ response: ServerResponse, isHead: Bool) -> Bool {
        let length = response.statedLength ?? response.body.count
        var head = "HTTP/1.1 \(response.status) \(response.status < 300 ? "OK" : "Other")\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        head += response.isEndless ? "Connection: close\r\n\r\n" : "Content-Length: \(length)\r\n\r\n"
        guard send(Array(head.utf8)) else { return false }
        if isHead || response.status == 304 { return !response.isEndless }
        if let floodEnds = response.floodEnds {
            let chunk = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 16)
            while send(chunk) {}
            floodEnds()
            return false
        }
        if response.isEndless {
            // As fast as a good network; Foundation's reader on Linux keeps up with no more. It keeps the bodies of redirects,
            // and copies them again with each piece: there a slow one shows as much.
            let isRedirect = (300..<400).contains(response.status)
            let chunk = [UInt8](repeating: UInt8(ascii: " "), count: isRedirect ? 100 : 1 << 16)
            while send(chunk) { usleep(isRedirect ? 50_000 : 1000) }
            return false
        }
        var end = min(response.body.count, length)
        if let cut = response.cutAfter { end = min(end, cut) }
        var position = 0
        var pause = response.pause
        while position < end {
            var count = min(response.pace?.bytes ?? 1 << 20, end - position)
            if let place = pause?.after, position < place { count = min(count, place - position) }
            guard send(response.body[position..<position + count]) else { return false }
            position += count
            if let given = pause, position >= given.after {
                pause = nil
                Thread.sleep(forTimeInterval: given.seconds)
                response.pauseEnds?()
            }
            if let seconds = response.pace?.seconds { Thread.sleep(forTimeInterval: seconds) }
        }
        return position == length
    }

    func send(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = ContiguousArray(bytes)
        return bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset < raw.count {
                #if canImport(Darwin)
                let count = Darwin.send(connection, raw.baseAddress! + offset, raw.count - offset, 0)
                #else
                let count = Glibc.send(connection, raw.baseAddress! + offset, raw.count - offset, Int32(MSG_NOSIGNAL))
                #endif
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                offset += count
            }
            return true
        }
    }
}
