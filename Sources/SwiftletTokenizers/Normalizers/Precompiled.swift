import SwiftletIO

/// SentencePiece's table of replacements, as it lies in a model's file: a double-array trie whose values are places in
/// a list of texts that end in zero bytes.
struct Precompiled: Sendable {
    /// As in the file.
    private let encoded: String
    private let units: [UInt32]
    private let texts: [UInt8]

    /// Replaces graphemes of fewer than 6 bytes if the table has the beginning of one, and scalars else.
    ///
    /// - Throws: `TokenizerError` if the text becomes too long.
    func normalize(_ text: inout AlignedText, _ limits: TextLimits) throws(TokenizerError) {
        var changes: [AlignedText.Change] = []
        changes.reserveCapacity(text.bytes.count)
        var isModified = false
        /// At least; each scalar has a byte.
        var isTooLong: Bool { changes.count > limits.bytes }
        text.bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            var graphemes = GraphemeBreaks(bytes)
            while !isTooLong, let grapheme = graphemes.next() {
                if grapheme.count < 6, let replacement = find(base, grapheme) {
                    isModified = true
                    append(replacement, for: grapheme, of: base, to: &changes)
                    continue
                }
                var position = grapheme.lowerBound
                while position < grapheme.upperBound, !isTooLong {
                    let (scalar, count) = UTF8Bytes.scalar(base, at: position)
                    if let replacement = find(base, position..<position + count) {
                        isModified = true
                        append(replacement, for: position..<position + count, of: base, to: &changes)
                    } else {
                        changes.append(.init(scalar: scalar, change: 0))
                    }
                    position += count
                }
            }
        }
        try limits.check(changes.count, .normalizer)
        if isModified { text.transform(changes) }
    }

    /// The replacement of the shortest beginning of `range` that the table has, as a range of `replacements`.
    func find(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Range<Int>? {
        guard let root = units.first else { return nil }
        var node = Self.offset(root)
        for index in range {
            let byte = bytes[index]
            if byte == 0 { break }
            node ^= UInt(byte)
            guard node < UInt(units.count) else { return nil }
            let unit = units[Int(node)]
            // The highest bit marks values, which have no label.
            guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
            node ^= Self.offset(unit)
            if unit >> 8 & 1 == 1 {
                guard node < UInt(units.count) else { return nil }
                let start = Int(units[Int(node)] & 0x7FFF_FFFF)
                guard start <= texts.count else { return nil }
                return start..<(texts[start...].firstIndex(of: 0) ?? texts.count)
            }
        }
        return nil
    }

    private static func offset(_ unit: UInt32) -> UInt { UInt(unit >> 10) << UInt((unit & 1 << 9) >> 6) }

    /// What a replacement leaves over or lacks is accounted to its last scalars; if there are none, to the scalar
    /// before.
    private func append(
        _ replacement: Range<Int>, for range: Range<Int>, of bytes: UnsafePointer<UInt8>,
        to changes: inout [AlignedText.Change]
    ) {
        let old = range.count { bytes[$0] & 0xC0 != 0x80 }
        let start = changes.count
        texts.withUnsafeBufferPointer { texts in
            guard let base = texts.baseAddress else { return }
            var position = replacement.lowerBound
            while position < replacement.upperBound {
                let (scalar, count) = UTF8Bytes.scalar(base, at: position)
                changes.append(.init(scalar: scalar, change: 0))
                position += count
            }
        }
        let difference = changes.count - start - old
        if difference > 0 {
            // More than the replacement has if it has replaced nothing.
            for index in changes.indices.suffix(difference) { changes[index].change = 1 }
        } else if difference < 0, !changes.isEmpty {
            changes[changes.count - 1].change += difference
        }
    }

    init(_ section: JSONSection) throws {
        encoded = try section.string("precompiled_charsmap")
        guard let bytes = Base64.decode(encoded) else { throw section.invalid("precompiled_charsmap", "is not base64") }
        guard bytes.count >= 4 else { throw section.invalid("precompiled_charsmap", "is too short") }
        func unit(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32($1 * 8) }
        }
        let count = Int(unit(0) / 4)
        guard count <= (bytes.count - 4) / 4 else {
            throw section.invalid("precompiled_charsmap", "ends within its table")
        }
        units = (0..<count).map { unit(4 + $0 * 4) }
        texts = Array(bytes[(4 + count * 4)...])
        // A value that leads into the middle of a scalar would break the text.
        guard String(validating: texts, as: UTF8.self) != nil, unitsLeadToScalars else {
            throw section.invalid("precompiled_charsmap", "has replacements that are not UTF-8")
        }
    }

    private var unitsLeadToScalars: Bool {
        units.allSatisfy { unit in
            let value = Int(unit & 0x7FFF_FFFF)
            return unit >> 31 == 0 || value >= texts.count || texts[value] & 0xC0 != 0x80
        }
    }

    var json: JSONValue { ["type": "Precompiled", "precompiled_charsmap": .string(encoded)] }
}

/// Bytes in printable form, with padding and without line breaks.
private enum Base64 {
    static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3)
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var buffer: UInt32 = 0
        var bits = 0
        for character in characters.dropLast(padding) {
            guard let value = value(of: character) else { return nil }
            buffer = buffer << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        // What is left of the last character must be nothing.
        guard buffer & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5A: UInt32(character - 0x41)
        case 0x61...0x7A: UInt32(character - 0x61) + 26
        case 0x30...0x39: UInt32(character - 0x30) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
