/// Encodes rows one after another with buffers of its own; used by one thread.
struct RowEncoder {
    private let tokenizer: Tokenizer
    private let fast: FastEncoder?
    private let assembler: Assembler
    private let items: [Item]

    /// A piece of a row without references, whose counting takes longer than a short row.
    private enum Item {
        case special(Int32, typeID: Int32)
        case sequence(Int, typeID: Int32)
    }

    init(tokenizer: Tokenizer, assembler: Assembler) {
        self.tokenizer = tokenizer
        self.assembler = assembler
        fast = tokenizer.fast
        items = assembler.pieces.flatMap { piece -> [Item] in
            switch piece {
            case .special(let ids, _, let type): ids.map { .special($0, typeID: type) }
            case .sequence(let index, let type): [.sequence(index, typeID: type)]
            }
        }
    }

    func encode(_ texts: Texts, _ pairs: Texts?, _ rows: Range<Int>) throws -> FlatEncoding {
        let scratch = fast?.makeScratch()
        var (first, second) = (IDBuffer(), IDBuffer())
        var result = FlatEncoding()
        defer {
            first.deallocate()
            second.deallocate()
        }
        result.rowOffsets.reserveCapacity(rows.count + 1)
        for row in rows {
            first.count = 0
            second.count = 0
            try append(texts, row, &first, scratch)
            if let pairs { try append(pairs, row, &second, scratch) }
            let kept = try assembler.kept(first.count, pairs == nil ? nil : second.count)
            let parts = (
                try assembler.parts(first.count, kept.0), try assembler.parts(second.count, kept.1)
            )
            if assembler.returnsOverflow {
                for choice in try assembler.rows(parts.0.count, parts.1.count) {
                    append(first, second, parts, choice, &result)
                    result.samples.append(row)
                }
            } else {
                append(first, second, parts, nil, &result)
            }
        }
        return result
    }

    /// Appends a row made of one part of each text; of the first ones if `choice` is `nil`.
    private func append(
        _ first: IDBuffer, _ second: IDBuffer, _ parts: (Assembler.Parts, Assembler.Parts), _ choice: [Int]?,
        _ result: inout FlatEncoding
    ) {
        var number = 0
        for item in items {
            switch item {
            case .special(let id, let type):
                result.ids.append(id)
                result.typeIDs.append(type)
            case .sequence(let index, let type):
                let part = choice?[number] ?? 0
                number += 1
                let range = (index == 0 ? parts.0 : parts.1)[part]
                let base = (index == 0 ? first : second).base
                result.ids.append(contentsOf: UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
                result.typeIDs.append(
                    contentsOf: repeatElement(assembler.type(type, index, part: part), count: range.count))
            }
        }
        result.rowOffsets.append(result.ids.count)
    }

    private func append(_ texts: Texts, _ row: Int, _ ids: inout IDBuffer, _ scratch: FastEncoder.Scratch?) throws {
        switch texts {
        case .whole(let texts): try append(texts[row], &ids, scratch)
        case .words(let texts): for word in texts[row] { try append(word, &ids, scratch) }
        }
    }

    private func append(_ text: String, _ ids: inout IDBuffer, _ scratch: FastEncoder.Scratch?) throws {
        var text = text
        if let fast, let scratch {
            let isDone = try text.withUTF8 { bytes in try fast.encode(bytes, into: &ids, scratch) }
            if isDone { return }
        }
        let tokens = try text.withUTF8 { bytes in try tokenizer.pipeline.tokens(bytes) }
        for token in tokens { ids.append(token.id) }
    }
}
