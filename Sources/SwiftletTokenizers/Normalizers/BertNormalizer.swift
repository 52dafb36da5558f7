import SwiftletIO

/// BERT's cleaning, spacing of ideographs, stripping of accents and lowercasing.
struct BertNormalizer: Sendable {
    var cleansText = true
    var spacesIdeographs = true
    /// `nil` follows `lowercases`.
    var stripsAccents: Bool?
    var lowercases = true

    var stripsAccentsInEffect: Bool { stripsAccents ?? lowercases }

    func normalize(_ text: inout AlignedText) {
        typealias Entry = UnicodeTable.Entry
        let table = UnicodeTable.shared
        if cleansText {
            text.filter { !table[$0].has(Entry.removed) }
            text.map { table[$0].has(Entry.space) ? 0x20 : $0 }
        }
        if spacesIdeographs {
            var changes: [AlignedText.Change] = []
            for scalar in text.scalars {
                if table[scalar].has(Entry.ideograph) {
                    changes.append(.init(scalar: 0x20, change: 0))
                    changes.append(.init(scalar: scalar, change: 1))
                    changes.append(.init(scalar: 0x20, change: 1))
                } else {
                    changes.append(.init(scalar: scalar, change: 0))
                }
            }
            text.transform(changes)
        }
        if stripsAccentsInEffect {
            text.normalize(.nfd)
            text.filter { !table[$0].has(Entry.mark) }
        }
        if lowercases { text.lowercase() }
    }

    init(stripsAccents: Bool? = nil, lowercases: Bool = true, spacesIdeographs: Bool = true) {
        self.stripsAccents = stripsAccents
        self.lowercases = lowercases
        self.spacesIdeographs = spacesIdeographs
    }

    init(_ section: JSONSection) throws {
        cleansText = try section.bool("clean_text")
        spacesIdeographs = try section.bool("handle_chinese_chars")
        stripsAccents = try section.optionalBool("strip_accents")
        lowercases = try section.bool("lowercase")
    }

    var json: JSONValue {
        [
            "type": "BertNormalizer", "clean_text": .bool(cleansText), "handle_chinese_chars": .bool(spacesIdeographs),
            "strip_accents": stripsAccents.map { .bool($0) } ?? .null, "lowercase": .bool(lowercases),
        ]
    }
}
