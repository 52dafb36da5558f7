public import SwiftletIO
import Synchronization

/// Writes an event file that TensorBoard shows, `events.out.tfevents.<time>.<host>.<process>.<number>`.
///
/// The file is a row of records, each with checksums of its length and its content; a record is an `Event` message.
/// What is added is kept until `flush()`, which writes it in one piece.
public final class TensorBoardWriter {
    /// The event file.
    public let path: String
    private let file: AppendingFile
    private let clock: () -> Double
    private var pending: [UInt8] = []

    /// Tells files apart that one process opens within a second.
    private static let counter = Atomic<Int>(0)

    /// Makes the folder and in it a new event file.
    public convenience init(folder: String) throws(FileError) {
        try self.init(folder: folder, clock: { Machine.now })
    }

    /// - Parameter clock: seconds since 1970, asked for each event.
    package init(folder: String, clock: @escaping () -> Double) throws(FileError) {
        let digits = String(Int(clock()))
        let time = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        let serial = Self.counter.add(1, ordering: .relaxed).oldValue
        path = FileSystem.join(
            folder, "events.out.tfevents.\(time).\(Machine.hostName).\(Machine.processID).\(serial)")
        self.clock = clock
        file = try AppendingFile(path, replacing: true)
        var source = ProtobufMessage()
        source.add(1, text: "swiftlet")
        var event = ProtobufMessage()
        event.add(1, double: clock())
        event.add(3, text: "brain.Event:2")
        event.add(10, message: source)
        addRecord(event)
        try flush()
    }

    /// Adds a number; TensorBoard keeps it as a 32-bit float.
    public func addScalar(_ tag: String, _ value: Double, step: Int) {
        var entry = ProtobufMessage()
        entry.add(1, text: tag)
        entry.add(2, float: Float(value))
        addSummary(entry, step: step)
    }

    /// Adds a text, under the tag that TensorBoard's page of texts looks for: `<tag>/text_summary`.
    public func addText(_ tag: String, _ text: String, step: Int = 0) {
        var dimension = ProtobufMessage()
        dimension.add(1, int: 1)
        var shape = ProtobufMessage()
        shape.add(2, message: dimension)
        var tensor = ProtobufMessage()
        // DT_STRING
        tensor.add(1, int: 7)
        tensor.add(2, message: shape)
        tensor.add(8, text: text)
        var plugin = ProtobufMessage()
        plugin.add(1, text: "text")
        var metadata = ProtobufMessage()
        metadata.add(1, message: plugin)
        var entry = ProtobufMessage()
        entry.add(1, text: "\(tag)/text_summary")
        entry.add(8, message: tensor)
        entry.add(9, message: metadata)
        addSummary(entry, step: step)
    }

    /// Writes what was added since the last time; afterwards it is there even if the process is killed.
    public func flush() throws(FileError) {
        guard !pending.isEmpty else { return }
        // Given up on failure as well: the same events again would fail again, or come late and out of order.
        defer { pending.removeAll(keepingCapacity: true) }
        try file.append(pending)
    }

    private func addSummary(_ entry: ProtobufMessage, step: Int) {
        var summary = ProtobufMessage()
        summary.add(1, message: entry)
        var event = ProtobufMessage()
        event.add(1, double: clock())
        // Step 0 is what a reader takes when there is none.
        if step != 0 { event.add(2, int: Int64(step)) }
        event.add(5, message: summary)
        addRecord(event)
    }

    private func addRecord(_ message: ProtobufMessage) {
        let length = withUnsafeBytes(of: UInt64(message.bytes.count).littleEndian) { Array($0) }
        for part in [length, message.bytes] {
            var checksum = CRC32C()
            checksum.update(part)
            pending.append(contentsOf: part)
            withUnsafeBytes(of: checksum.masked.littleEndian) { pending.append(contentsOf: $0) }
        }
    }
}
