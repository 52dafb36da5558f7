import SwiftletIO

extension ModelCard {
    /// One of the labels that a model tells apart.
    public struct Label: Sendable, Equatable {
        /// The label as `config.json` names it, such as `equivalent`; may be empty.
        public var name: String
        /// How often it comes in the training split, in rows or, where words are labelled, in words; `nil` if that is not
        /// known.
        public var count: Int?

        /// A row of the card's table of labels; its id is its place in `labels`.
        ///
        /// - Parameters:
        ///   - name: as in `config.json`; may be empty.
        ///   - count: how often the label comes in the training split; `nil` if that is not known.
        public init(_ name: String, count: Int? = nil) {
            self.name = name
            self.count = count
        }
    }

    /// The labels with their ids and counts, the first 200 of them.
    var labelTable: String {
        let isCounted = labels.contains { $0.count != nil }
        var table =
            isCounted ? "| Id | Label | In the training data |\n|---:|:---|---:|\n" : "| Id | Label |\n|---:|:---|\n"
        for (id, label) in labels.prefix(200).enumerated() {
            let name = label.name.isEmpty ? "(no name)" : label.name.inMarkdown
            table += "| \(id) | \(name) |" + (isCounted ? " \(label.count.map(String.init) ?? "") |" : "") + "\n"
        }
        return labels.count > 200 ? table + "\nAnd \(labels.count - 200) more, which are in `config.json`.\n" : table
    }
}
