import SwiftletIO

/// How inputs of a kind are built. Bytes changed at random rarely get past the first check of a format; changes of what
/// a reader sees do.
public enum InputStructure: Sendable {
    /// Lines, words and numbers.
    case text
    case json
    /// A JSON value in each line.
    case jsonLines
    /// A digit, and then JSON.
    case prefixedJSON
    /// Eight bytes of a length, JSON of that length, and values; or the JSON alone.
    case safetensors
    /// Files that a zip archive holds without packing them, as `torch.save` does.
    case zip
    /// Numbers of 4 and 8 bytes at places that can be divided by 4: flatbuffers, and what they describe.
    case arrow
}

/// Changes inputs along their structure. The same seed makes the same changes.
public struct InputMutator {
    private var random: SplitMix
    /// Changes bytes without knowing what they are: libFuzzer's own changes, where it runs.
    private let plain: (inout [UInt8], inout SplitMix) -> Void

    public init(seed: UInt64, plain: ((inout [UInt8]) -> Void)? = nil) {
        random = SplitMix(state: seed)
        if let plain {
            self.plain = { (bytes: inout [UInt8], _: inout SplitMix) in plain(&bytes) }
        } else {
            self.plain = Self.changeBytes
        }
    }

    /// A changed input.
    public mutating func changed(_ input: [UInt8], _ structure: InputStructure) -> [UInt8] {
        var bytes = input
        // Some changes are blind all the same: readers must refuse what is no JSON at all.
        if random.below(5) == 0 {
            plain(&bytes, &random)
            return bytes
        }
        switch structure {
        case .text: changeText(&bytes)
        case .json: changeJSON(&bytes)
        case .jsonLines: changeLine(&bytes)
        case .prefixedJSON:
            var rest = Array(bytes.dropFirst())
            changeJSON(&rest)
            let digit = random.below(8) == 0 ? UInt8(ascii: "0") + UInt8(random.below(8)) : bytes.first ?? 0x30
            bytes = [digit] + rest
        case .safetensors: changeSafetensors(&bytes)
        case .zip: if !changeZip(&bytes) { plain(&bytes, &random) }
        case .arrow: changeWords(&bytes)
        }
        return bytes
    }

    // MARK: Text and JSON

    private static let words = [
        "0", "-1", "1", "1e308", "-1e400", "1e-320", "9223372036854775807", "-9223372036854775808",
        "18446744073709551616",
        "2147483648", "4294967295", "0.1", "inf", "nan", "null", "true", "~", "''", "\"", "\\", "\u{0}", "\u{1b}[31m",
        "\u{feff}", "e\u{301}", "\u{1f600}", "\r\n", "\n", ",", ":", "[", "]", "{", "}", "*a", "&a ", "- ", "? ",
        "!!binary ",
        "%", "+", "**/", "2020-01-01", "1970-01-01T00:00:00Z",
    ].map { Array($0.utf8) }

    private mutating func changeText(_ bytes: inout [UInt8]) {
        let isWordByte: (UInt8) -> Bool = {
            $0 >= 0x80 || ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A)
        }
        let start = random.below(bytes.count + 1)
        var end = start
        while end < bytes.count, isWordByte(bytes[end]) { end += 1 }
        switch random.below(5) {
        case 0: bytes.insert(contentsOf: random.element(of: Self.words), at: start)
        case 1: bytes.replaceSubrange(start..<end, with: random.element(of: Self.words))
        case 2:
            // A piece again, many times: what takes longer than its size shows.
            let piece = bytes[start..<min(bytes.count, start + 1 + random.below(24))]
            for _ in 0..<(1 << random.below(8)) where bytes.count < 1 << 15 {
                bytes.insert(contentsOf: piece, at: start)
            }
        case 3: bytes.removeSubrange(start..<min(bytes.count, start + 1 + random.below(16)))
        default: plain(&bytes, &random)
        }
    }

    private mutating func changeLine(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
        let chosen = random.below(lines.count)
        switch random.below(4) {
        case 0: lines.insert(random.element(of: lines), at: chosen)
        case 1: lines.remove(at: chosen)
        default: changeJSON(&lines[chosen])
        }
        bytes = Array(lines.joined(separator: [0x0A]))
    }

    private mutating func changeJSON(_ bytes: inout [UInt8]) {
        guard let json = try? bytes.withUnsafeBytes({ try JSONValue(parsing: $0) }) else { return changeText(&bytes) }
        bytes = Array(changed(json).text().utf8)
    }

    private static let integers = [0, 1, -1, 2, 3, 255, 1 << 31, 1 << 53, Int.max, Int.min, Int.max - 1]
    private static let fractions = [0.5, -0.0, 1e300, -1e300, 1e-300, 1e-7, 3.5]

    private mutating func value() -> JSONValue {
        switch random.below(9) {
        case 0: .null
        case 1: .bool(random.below(2) == 0)
        case 2: .int(random.element(of: Self.integers))
        case 3: .double(random.element(of: Self.fractions))
        case 4: .string(String(decoding: random.element(of: Self.words), as: UTF8.self))
        case 5: .array([])
        case 6: .object([:])
        case 7: .array([value()])
        default: .int(random.below(64))
        }
    }

    /// One place of a value changed.
    private mutating func changed(_ json: JSONValue) -> JSONValue {
        switch json {
        case .object(let object) where object.count > 0 && random.below(8) != 0:
            var pairs = object.map { ($0.0, $0.1) }
            let place = random.below(pairs.count)
            switch random.below(8) {
            case 0: pairs.remove(at: place)
            case 1: pairs.append((random.element(of: pairs).0 + "\u{301}", pairs[place].1))
            case 2: pairs[place].1 = random.element(of: pairs).1
            default: pairs[place].1 = changed(pairs[place].1)
            }
            return .object(JSONObject(pairs))
        case .array(var list) where !list.isEmpty && random.below(8) != 0:
            let place = random.below(list.count)
            switch random.below(8) {
            case 0: list.remove(at: place)
            case 1: list.insert(list[place], at: place)
            case 2: list[place] = random.element(of: list)
            default: list[place] = changed(list[place])
            }
            return .array(list)
        case .string(let text) where random.below(2) == 0:
            var bytes = Array(text.utf8)
            changeText(&bytes)
            return .string(String(decoding: bytes, as: UTF8.self))
        case .int(let number) where random.below(2) == 0:
            return .int(random.below(2) == 0 ? number &+ 1 : number &- 1)
        default: return value()
        }
    }

    // MARK: Files of weights and tables

    private mutating func changeSafetensors(_ bytes: inout [UInt8]) {
        guard bytes.first != UInt8(ascii: "{") else { return changeJSON(&bytes) }
        var length = 0
        for place in (0..<min(8, bytes.count)).reversed() { length = (length & Int.max >> 8) << 8 | Int(bytes[place]) }
        guard bytes.count > 8, length <= bytes.count - 8, random.below(6) != 0 else { return plain(&bytes, &random) }
        var header = Array(bytes[8..<(8 + length)])
        changeJSON(&header)
        let values = Array(bytes[(8 + length)...])
        bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) }
        bytes += header
        bytes += values
    }

    private mutating func changeWords(_ bytes: inout [UInt8]) {
        guard bytes.count >= 16 else { return plain(&bytes, &random) }
        for _ in 0...random.below(3) {
            let width = random.below(2) == 0 ? 4 : 8
            let place = random.below(bytes.count / 4 - 2) * 4
            var number: UInt64 = 0
            for index in (0..<width).reversed() { number = number << 8 | UInt64(bytes[place + index]) }
            switch random.below(8) {
            case 0: number = 0
            case 1: number &+= 1
            case 2: number &-= 1
            case 3: number = .max
            case 4: number = 1 << UInt64(random.below(64))
            case 5: number = UInt64(bytes.count)
            case 6: number ^= 1 << UInt64(random.below(width * 8))
            default: number &*= 2
            }
            for index in 0..<width { bytes[place + index] = UInt8(truncatingIfNeeded: number >> (UInt64(index) * 8)) }
        }
        if random.below(10) == 0 { bytes.removeLast(random.below(bytes.count / 2)) }
    }

    /// Changes one file of an archive, and writes its sizes and checksum anew.
    private mutating func changeZip(_ bytes: inout [UInt8]) -> Bool {
        guard var entries = StoredZip.entries(bytes), !entries.isEmpty else { return false }
        // The pickle is where the danger is.
        let pickle = entries.firstIndex { $0.name.suffix(8) == Array("data.pkl".utf8)[...] }
        let place = random.below(4) == 0 ? random.below(entries.count) : pickle ?? 0
        switch random.below(12) {
        case 0: entries.append(random.element(of: entries))
        case 1: entries.remove(at: place)
        case 2: plain(&entries[place].name, &random)
        default: plain(&entries[place].content, &random)
        }
        bytes = StoredZip.archive(entries)
        return true
    }

    /// What stands in for libFuzzer's changes in tests.
    private static func changeBytes(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        for _ in 0...random.below(3) {
            let place = random.below(bytes.count + 1)
            switch random.below(4) {
            case 0: bytes.insert(UInt8(random.below(256)), at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count: bytes[place] = UInt8(random.below(256))
            default: if place < bytes.count { bytes[place] ^= 1 << UInt8(random.below(8)) }
            }
        }
    }
}

/// Numbers that a seed decides.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 up to below `limit`; 0 where that is 0.
    mutating func below(_ limit: Int) -> Int { limit < 2 ? 0 : Int(next() % UInt64(limit)) }

    mutating func element<Element>(of list: [Element]) -> Element { list[below(list.count)] }
}
