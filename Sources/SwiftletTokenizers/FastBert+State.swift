/// The pass over a text.
extension FastBert {
    /// Where a text stands. What never changes is read through one reference: counting more of them takes longer than
    /// a short text.
    struct State {
        let scratch: Scratch
        let asciiClass: UnsafeMutablePointer<UInt8>
        let punctuationIDs: UnsafeMutablePointer<Int32>
        let memory: WordMemory
        let cover: WordPiece.Cover
        let longestWord: Int
        var ids: IDBuffer
        /// Of the current word.
        var count = 0
        var scalars = 0
        var hash: UInt64 = 0
        var lacksUnknown = false
        var needsMore = false

        init(scratch: Scratch, ids: IDBuffer) {
            self.scratch = scratch
            let encoder = scratch.encoder
            asciiClass = encoder.asciiClass
            punctuationIDs = encoder.punctuationIDs
            longestWord = encoder.model.longestWord
            memory = scratch.memory
            cover = encoder.model.cover
            self.ids = ids
        }

        var encoder: FastBert { scratch.encoder }
        var word: UnsafeMutablePointer<UInt8> { scratch.word }
        var hashes: UnsafeMutablePointer<UInt64> { scratch.hashes }
        var tail: UnsafeMutablePointer<UInt8> { scratch.tail }
        var table: UnicodeTable { UnicodeTable.shared }

        /// Whether all of the bytes could be done.
        mutating func run(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
            var position = start
            guard words(bytes, &position, end, last: end - WordMemory.readable) else { return false }
            if position == end { return true }
            // Words are read in steps of a fixed size, which must not go beyond the text.
            let rest = end - position
            tail.update(from: bytes + position, count: rest)
            (tail + rest).initialize(repeating: 0, count: WordMemory.readable)
            position = 0
            return words(tail, &position, rest, last: rest)
        }

        /// Does the words that begin at `last` or before it.
        ///
        /// - Returns: whether all of them could be done.
        @inline(__always)
        private mutating func words(
            _ bytes: UnsafePointer<UInt8>, _ position: inout Int, _ end: Int, last: Int
        ) -> Bool {
            while position <= last, position < end {
                let byte = bytes[position]
                let kind = byte < 0x80 ? asciiClass[Int(byte)] : 0
                if kind == FastBert.space {
                    position += 1
                    continue
                }
                if kind == FastBert.punctuation {
                    let id = punctuationIDs[Int(byte)]
                    if id < 0 { lacksUnknown = true }
                    ids.append(id)
                    position += 1
                    continue
                }
                let start = position
                position = wordEnd(bytes, start, end)
                let count = position - start
                guard count <= WordMemory.longestWord else {
                    guard normalize(bytes, start, position) else { return false }
                    continue
                }
                let key = memory.key(readable: bytes + start, count)
                if memory.recall(key, into: &ids) { continue }
                let before = ids.count
                guard normalize(bytes, start, position) else { return false }
                if !lacksUnknown { memory.remember(key, ids.base + before, ids.count - before) }
            }
            return true
        }

        /// The first of ASCII's spaces and punctuation from a place on, of which 16 bytes may be read.
        @inline(__always)
        private func wordEnd(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
            var position = min(start + WordMemory.wordBytes(bytes + start), end)
            while position < end {
                let byte = bytes[position]
                if byte < 0x80, asciiClass[Int(byte)] == FastBert.space || asciiClass[Int(byte)] == FastBert.punctuation
                {
                    break
                }
                position += 1
            }
            return position
        }

        /// Whether all of the bytes could be done.
        private mutating func normalize(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
            var position = start
            while position < end {
                let byte = bytes[position]
                if byte < 0x80 {
                    position += 1
                    let mapped = asciiClass[Int(byte)]
                    if mapped < 0x80 {
                        take(mapped)
                    } else if mapped == FastBert.space {
                        finishWord()
                    } else if mapped == FastBert.punctuation {
                        finishWord()
                        take(byte)
                        finishWord()
                    }
                } else {
                    let (scalar, count) = UTF8Bytes.scalar(bytes, at: position)
                    let entry = table[scalar]
                    if entry.has(encoder.interesting) {
                        normalize(scalar, entry)
                        if needsMore { return false }
                    } else {
                        scalars += 1
                        if scalars <= longestWord {
                            for index in 0..<count { append(bytes[position + index]) }
                        }
                    }
                    position += count
                }
            }
            finishWord()
            return true
        }

        @inline(__always) private mutating func append(_ byte: UInt8) {
            word[count] = byte
            hash = ByteTable.extend(hash, byte)
            count += 1
            hashes[count] = hash
        }

        /// One ASCII scalar of a word. Words that are too long stop growing; they are unknown in any case.
        @inline(__always) private mutating func take(_ byte: UInt8) {
            scalars += 1
            if scalars <= longestWord { append(byte) }
        }

        private mutating func normalize(_ scalar: UInt32, _ entry: UnicodeTable.Entry) {
            typealias Entry = UnicodeTable.Entry
            if encoder.normalizer.cleansText {
                if entry.has(Entry.removed) { return }
                if entry.has(Entry.space) { return finishWord() }
            }
            let isIdeograph = encoder.normalizer.spacesIdeographs && entry.has(Entry.ideograph)
            if isIdeograph { finishWord() }
            if encoder.stripsAccents {
                table.decompose(scalar, entry) { part in
                    let entry = table[part]
                    if entry.has(Entry.mark) { return }
                    if entry.has(Entry.combining) { needsMore = true }
                    lowercase(part, entry)
                }
            } else {
                lowercase(scalar, entry)
            }
            if isIdeograph { finishWord() }
        }

        private mutating func lowercase(_ scalar: UInt32, _ entry: UnicodeTable.Entry) {
            if encoder.normalizer.lowercases, entry.has(UnicodeTable.Entry.lowercases) {
                table.lowercase(scalar, entry) { place($0, table[$0]) }
            } else {
                place(scalar, entry)
            }
        }

        private mutating func place(_ scalar: UInt32, _ entry: UnicodeTable.Entry) {
            typealias Entry = UnicodeTable.Entry
            if entry.has(Entry.whitespace) { return finishWord() }
            let isPunctuation = entry.has(Entry.punctuation)
            if isPunctuation { finishWord() }
            scalars += 1
            if scalars <= longestWord { UTF8Bytes.encode(scalar) { append($0) } }
            if isPunctuation { finishWord() }
        }

        @inline(__always) private mutating func finishWord() {
            if scalars == 0 { return }
            if scalars <= longestWord {
                let before = ids.count
                if !cover(word, hashes, count, { id, _ in ids.append(id) }) {
                    ids.count = before
                    appendUnknown()
                }
            } else {
                appendUnknown()
            }
            (count, scalars, hash) = (0, 0, 0)
        }

        private mutating func appendUnknown() {
            if encoder.model.unknownID < 0 { lacksUnknown = true }
            ids.append(encoder.model.unknownID)
        }
    }
}
