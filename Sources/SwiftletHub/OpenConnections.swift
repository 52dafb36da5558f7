#if os(Linux)
import Glibc
import SwiftletIO

/// The connections of this process, for what Foundation's HTTP has no way to say.
enum OpenConnections {
    /// Resets all connections to a server. Requests that use them fail as after a cut line, and may be sent again.
    ///
    /// What has arrived and was not read is gone, and the server hears of the end at once. A shutdown would let the reader go
    /// on with what has arrived, and leave the server waiting: its window is closed, and Linux doesn't open it again after
    /// a shutdown. Through a proxy the connections are to the proxy, and nothing happens.
    static func reset(to server: HTTPAddress) {
        let addresses = addresses(of: server)
        guard !addresses.isEmpty, let names = try? FileSystem.names(in: "/proc/self/fd") else { return }
        for descriptor in names.compactMap(Int32.init) where peer(of: descriptor).map(addresses.contains) ?? false {
            // Connecting to nothing ends a connection, see connect(2).
            var nothing = sockaddr()
            nothing.sa_family = sa_family_t(AF_UNSPEC)
            if connect(descriptor, &nothing, socklen_t(MemoryLayout<sockaddr>.size)) != 0 {
                shutdown(descriptor, Int32(SHUT_RDWR))
            }
        }
    }

    /// An address and a port, as the bytes that the system has for them.
    private struct Peer: Hashable {
        var address: [UInt8]
        var port: UInt16

        init?(_ pointer: UnsafePointer<sockaddr>) {
            let raw = UnsafeRawPointer(pointer)
            switch Int32(pointer.pointee.sa_family) {
            case AF_INET:
                let value = raw.loadUnaligned(as: sockaddr_in.self)
                address = withUnsafeBytes(of: value.sin_addr) { Array($0) }
                port = UInt16(bigEndian: value.sin_port)
            case AF_INET6:
                let value = raw.loadUnaligned(as: sockaddr_in6.self)
                address = withUnsafeBytes(of: value.sin6_addr) { Array($0) }
                port = UInt16(bigEndian: value.sin6_port)
            default: return nil
            }
        }
    }

    /// Whom a descriptor is connected to; `nil` for what is no connection over a network.
    private static func peer(of descriptor: Int32) -> Peer? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getpeername(descriptor, $0, &length) == 0 ? Peer($0) : nil
            }
        }
    }

    private static func addresses(of server: HTTPAddress) -> Set<Peer> {
        let host = server.host.hasPrefix("[") ? String(server.host.dropFirst().dropLast()) : server.host
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(server.port), &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: Set<Peer> = []
        var next = first
        while let entry = next {
            if let address = entry.pointee.ai_addr, let peer = Peer(address) { found.insert(peer) }
            next = entry.pointee.ai_next
        }
        return found
    }
}
#endif
