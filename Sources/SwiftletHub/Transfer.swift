import Logging
import SwiftletIO
import Synchronization

extension HubClient {
    /// Downloads a file's bytes beside its blob and moves them into place once they are right. Called under the lock.
    func fetch(_ source: Source, to blob: String, of repo: HubRepo, _ meter: ProgressMeter) async throws {
        let partial = try PartialFile(blob + ".incomplete", etag: source.etag, size: source.size)
        meter.begin(source.file, total: source.size ?? partial.position, present: partial.position)
        // Wrong bytes may come from an earlier run, or from a bad day of a server: once more from the start.
        for _ in 0..<2 {
            let isWhole: Bool
            do {
                try await complete(partial, source, of: repo, meter)
                isWhole = partial.matches()
            } catch let error as HubError where error.kind == .damaged {
                logger.warning("\(error.message)")
                isWhole = false
            }
            if isWhole { return try partial.move(to: blob) }
            meter.takeBack(source.file, partial.position)
            try partial.restart()
        }
        partial.remove()
        throw HubError(
            .damaged,
            "what the Hub sends for '\(source.file)' of \(repo) is not the file it promised: size or hash differ",
            remedy: "Nothing was put into the cache. Run again; if it stays so, the repository or a proxy is damaged.",
            at: ErrorLocation(path: source.file))
    }

    /// Asks for the missing bytes until all are there. Each request that brings some resets the count of failures.
    private func complete(_ partial: PartialFile, _ source: Source, of repo: HubRepo, _ meter: ProgressMeter)
        async throws
    {
        let what = "file '\(source.file)' of \(repo)"
        let own = try address(source.url, about: what)
        // Where the Hub redirected to; asked directly until it refuses, as its signature may expire.
        var direct: HTTPAddress?
        var redirects = 0
        var failures = 0

        func failed(_ error: HubError, _ head: HTTPHead?, _ reason: String?) async throws {
            guard failures < settings.retries else { throw error }
            try await wait(before: failures, head, what, reason: reason)
            failures += 1
            direct = nil
        }

        while !partial.isComplete {
            let url = direct ?? own
            let start = partial.position
            let sink = FileSink(partial) {
                meter.move(source.file, $0)
            } takingBack: {
                meter.takeBack(source.file, $0)
            }
            do {
                var request = HTTPRequest(method: "GET", url: url, timeout: settings.downloadTimeout)
                request.headers = allHeaders(for: url, rangeHeader(partial))
                try await transport.send(request, into: sink)
            } catch let error as TransportError {
                if partial.position > start { failures = 0 }
                guard error.isPassing else { throw unreachable(url, what, error) }
                if partial.isComplete { return }
                try await failed(unreachable(url, what, error), nil, error.reason)
                continue
            }
            guard let head = sink.head else {
                throw HubError(
                    .badAnswer, "no answer for \(what)", remedy: "Run again; what has arrived is kept.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
            if let target = try location(head, from: url, about: what) {
                redirects += 1
                guard redirects <= 20 + failures * 2 else {
                    throw HubError(
                        .badAnswer, "the Hub redirects in circles when asked for \(what)",
                        remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                        at: ErrorLocation(option: "HF_ENDPOINT"))
                }
                direct = target
            } else if head.status == 200 || head.status == 206 {
                if partial.size == nil { return }
                if partial.position > start {
                    (failures, redirects) = (0, 0)
                } else if !partial.isComplete {
                    try await failed(
                        HubError(
                            .damaged, "the Hub sends no bytes for \(what)",
                            remedy: "Run again; what has arrived is kept.",
                            at: ErrorLocation(option: "HF_ENDPOINT")), nil, "an empty answer")
                }
            } else if head.status == 416 {
                // There is nothing behind what is here: the size that was promised, or what is here, is wrong.
                throw HubError(
                    .damaged, "the Hub has fewer bytes of \(what) than it promised",
                    remedy: "Run again; what has arrived is kept.", at: ErrorLocation(option: "HF_ENDPOINT"))
            } else {
                let error =
                    failure(of: Answer(head: head, body: sink.note, url: url), what)
                    ?? HubError(
                        .badAnswer, "the Hub answers \(what) with status \(head.status)",
                        remedy: "Run again later; what has arrived is kept.", at: ErrorLocation(option: "HF_ENDPOINT"))
                // A signed address that has expired answers 403; the Hub gives a new one.
                let mayHaveExpired = direct != nil && [400, 401, 403, 404, 410].contains(head.status)
                guard mayHaveExpired || Self.passingStatuses.contains(head.status) else { throw error }
                try await failed(error, head, nil)
            }
        }
    }

    private func rangeHeader(_ partial: PartialFile) -> [String: String] {
        guard let size = partial.size else {
            return partial.position == 0 ? [:] : ["Range": "bytes=\(partial.position)-"]
        }
        if partial.position == 0, size <= settings.pieceSize { return [:] }
        return [
            "Range":
                "bytes=\(partial.position)-\(min(partial.position.addingClamped(max(settings.pieceSize, 1)), size) - 1)"
        ]
    }
}

/// Writes an answer's bytes to the end of a partial file, if they are the ones asked for.
private final class FileSink: HTTPSink, @unchecked Sendable {
    // Sendable: the transport's calls come one after the other, and are over before the owner reads.
    private let partial: PartialFile
    private let moved: @Sendable (Int) -> Void
    private let takeBack: @Sendable (Int) -> Void
    private(set) var head: HTTPHead?
    /// The beginning of an answer that is not the file.
    private(set) var note: [UInt8] = []

    init(
        _ partial: PartialFile, moved: @escaping @Sendable (Int) -> Void, takingBack: @escaping @Sendable (Int) -> Void
    ) {
        self.partial = partial
        self.moved = moved
        takeBack = takingBack
    }

    func receive(_ head: HTTPHead) throws {
        self.head = head
        switch head.status {
        case 206:
            guard let range = Self.range(head["Content-Range"] ?? ""), range.start == partial.position,
                partial.size == nil || range.total == nil || range.total == partial.size
            else {
                throw HubError(
                    .damaged, "the Hub sends another range than the one asked for",
                    remedy: "Check HF_ENDPOINT and any proxy: something else than a Hub may have answered.",
                    at: ErrorLocation(option: "HF_ENDPOINT"))
            }
        case 200:
            // The whole file, from a server without ranges, or because the whole was asked for.
            if partial.position > 0 {
                takeBack(partial.position)
                try partial.restart()
            }
        default: break
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        if head?.status == 200 || head?.status == 206 {
            try partial.append(bytes)
            moved(bytes.count)
        } else {
            // A redirect or an error: its beginning is enough, and it may have no end.
            note.append(contentsOf: bytes.prefix(BufferSink.noteLimit - note.count))
            if note.count == BufferSink.noteLimit { throw EnoughReceived() }
        }
    }

    /// `bytes 100-199/1000`, or `/*` for an unknown total.
    private static func range(_ text: String) -> (start: Int, total: Int?)? {
        let parts = text.split { " -/".contains($0) }
        guard parts.count == 4, parts[0] == "bytes", let start = Int(parts[1]), Int(parts[2]) != nil else { return nil }
        return (start, Int(parts[3]))
    }
}
