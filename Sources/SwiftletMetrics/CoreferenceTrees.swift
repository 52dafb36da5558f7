internal import SwiftletIO

/// The phrases of a mention, read from the parse bits of CoNLL's lines, such as `(NP*`, `*` and `*))`.
///
/// Nodes are numbers into one list, and nothing here calls itself: a line may open any number of phrases.
struct CoreferenceTree {
    struct Node {
        /// A phrase's label with its letters only, or the words of a leaf with spaces between.
        var tag: String
        /// What is parted by brackets only: words that follow each other. Empty for a phrase.
        var words: [(word: String, partOfSpeech: String)] = []
        /// The word of the sentence where it ends.
        var place: Int
        var children: [Int] = []

        var isLeaf: Bool { !words.isEmpty }
        /// By which kinds of phrases are told apart.
        var kind: Substring.UnicodeScalarView { tag.unicodeScalars.prefix(2) }

        /// Whether a word of a leaf can stand for a mention: no punctuation, conjunction, determiner or preposition.
        var isValid: Bool {
            words.contains { word, partOfSpeech in
                (word == "%" || word.unicodeScalars.contains { PythonText.isAlpha($0) || PythonText.isAnyDigit($0) })
                    && word != "-LRB-" && word != "-RRB-" && !["CC", "DT", "IN"].contains(partOfSpeech)
            }
        }
    }

    private(set) var nodes: [Node] = []
    private(set) var root: Int?

    /// - Parameters:
    ///   - lines: those of the mention's words.
    ///   - start: the place of the first of them in its sentence.
    /// - Throws: a text about the line, numbered from 0, that has no parse.
    init(_ lines: ArraySlice<CoreferenceMarks>, start: Int) throws(CoreferenceProblem) {
        var open: [Int] = []
        var roots: [Int] = []
        var words: [(word: String, partOfSpeech: String)] = []
        var tag = ""
        var isTagBegun = false

        func add(_ node: Node, opens: Bool) {
            nodes.append(node)
            if let parent = open.last { nodes[parent].children.append(nodes.count - 1) }
            if opens || open.isEmpty { open.append(nodes.count - 1) }
        }
        func endWords(at place: Int) {
            let leaf = Node(tag: words.map(\.word).joined(separator: " "), words: words, place: place)
            words = []
            add(leaf, opens: false)
        }
        func close() {
            guard let closed = open.popLast() else { return }
            root = closed
            if open.isEmpty { roots.append(closed) }
        }

        for (number, line) in lines.enumerated() {
            let place = start + number
            guard let parse = line.parse else { throw CoreferenceProblem(text: "has no parse", line: place) }
            for scalar in parse.unicodeScalars {
                switch scalar {
                case "(":
                    if isTagBegun {
                        add(Node(tag: tag, place: place), opens: true)
                        tag = ""
                    }
                    if !words.isEmpty {
                        // Commas, quotation marks and brackets between phrases are passed over.
                        if words.contains(where: { PythonText.isAlpha($0.word) || PythonText.isAnyDigits($0.word) }) {
                            endWords(at: place)
                        }
                        words = []
                    }
                    isTagBegun = true
                case "*":
                    words.append((line.word, line.partOfSpeech))
                    if isTagBegun {
                        add(Node(tag: tag, place: place), opens: true)
                        tag = ""
                        isTagBegun = false
                    } else if !tag.isEmpty {
                        nodes.append(Node(tag: tag, place: place))
                        roots.append(nodes.count - 1)
                    }
                case ")":
                    if !words.isEmpty { endWords(at: place) }
                    close()
                    isTagBegun = false
                case _ where PythonText.isAlpha(scalar): tag.unicodeScalars.append(scalar)
                default: break
                }
            }
            if number == lines.count - 1, !words.isEmpty { endWords(at: place) }
        }
        // Phrases that end behind the mention.
        while !open.isEmpty { close() }
        guard roots.count > 1 else { return }
        nodes.append(Node(tag: "NP", place: start, children: roots))
        root = nodes.count - 1
    }

    /// Whether the whole is a verb phrase.
    var isVerbPhrase: Bool { root.map { nodes[$0].tag == "VP" } ?? false }

    /// The words of all leaves, in their order.
    var leafWords: [String] {
        var words: [String] = []
        var open = root.map { [$0] } ?? []
        while let node = open.popLast().map({ nodes[$0] }) {
            if node.isLeaf { words += node.words.map(\.word) } else { open += node.children.reversed() }
        }
        return words
    }

    // MARK: The least that stands for a mention

    private static let nounKinds = ["NP", "NM", "QP", "NX"]
    private static let verbKinds = ["VP"]

    /// The leaves that stand for the mention, by the MINA algorithm: those nearest to the root through phrases of its
    /// kind. Empty where there are none.
    var minimum: Set<CoreferenceMention.Part> {
        guard let root else { return [] }
        var minimum: Set<CoreferenceMention.Part> = []
        let whole = nodes[root]
        if whole.isLeaf, whole.isValid { return [part(whole)] }
        for child in whole.children where nodes[child].isLeaf && nodes[child].isValid {
            minimum.insert(part(nodes[child]))
        }
        guard minimum.isEmpty else { return minimum }
        let kinds = kinds(of: whole)
        // In a conjunction each phrase has a part of its own.
        let phrases = whole.children.filter { !nodes[$0].children.isEmpty && Self.isOf(kinds, nodes[$0]) }
        for phrase in phrases { search(from: phrase, kinds, into: &minimum) }
        if phrases.isEmpty { search(from: root, nil, into: &minimum, findsKinds: true) }
        return minimum
    }

    private func part(_ node: Node) -> CoreferenceMention.Part { .init(text: TextKey(node.tag), place: node.place) }

    private static func isOf(_ kinds: [String]?, _ node: Node) -> Bool {
        kinds?.contains { $0.unicodeScalars.elementsEqual(node.kind) } ?? false
    }

    private func kinds(of node: Node) -> [String]? {
        if Self.isOf(Self.verbKinds, node) { return Self.verbKinds }
        if Self.isOf(["NP", "NM"], node) { return Self.nounKinds }
        if node.children.isEmpty { return nil }
        let children = node.children.map { nodes[$0] }
        if children.contains(where: { Self.isOf(["NP", "NM"], $0) }) { return Self.nounKinds }
        return children.contains { Self.isOf(Self.verbKinds, $0) } ? Self.verbKinds : Self.nounKinds
    }

    /// Level by level, down to the first with a leaf that is valid.
    ///
    /// - Parameters:
    ///   - kinds: the phrases that are gone into. `nil` for all.
    ///   - findsKinds: whether the first noun or verb phrase says which.
    private func search(
        from start: Int, _ kinds: [String]?, into minimum: inout Set<CoreferenceMention.Part>, findsKinds: Bool = false
    ) {
        var kinds = kinds
        var deepest = Int.max
        var queue = [(node: start, depth: 0)]
        var next = 0
        while next < queue.count {
            let (node, depth) = (nodes[queue[next].node], queue[next].depth)
            next += 1
            if findsKinds, kinds == nil {
                if Self.isOf(["NP", "NM"], node) {
                    kinds = Self.nounKinds
                } else if Self.isOf(Self.verbKinds, node) {
                    kinds = Self.verbKinds
                }
            }
            if node.isLeaf, depth <= deepest {
                if node.isValid {
                    minimum.insert(part(node))
                    deepest = depth
                }
            } else if minimum.isEmpty || depth < deepest, depth == 0 || kinds == nil || Self.isOf(kinds, node) {
                for child in node.children where !nodes[child].isLeaf || Self.isOf(kinds, node) {
                    queue.append((child, depth + 1))
                }
            }
        }
    }
}

extension CoreferenceChains {
    /// Compares mentions by the least that stands for them, or leaves out verb phrases, or both.
    ///
    /// - Parameters:
    ///   - references: the true sentences, whose parses are those of predicted mentions too.
    ///   - own: the sentences that these chains are from.
    ///   - onlyNounPhrases: `NP_only`. A chain from which a mention was left out goes if it has one left, as in Python.
    ///   - usesMinimumSpans: `min_span`.
    /// - Throws: a text, with the sentence and its line.
    mutating func apply(
        treesOf references: [[CoreferenceMarks]], own: [[CoreferenceMarks]], onlyNounPhrases: Bool,
        usesMinimumSpans: Bool
    ) throws(CoreferenceProblem) {
        var changed: [[CoreferenceMention]] = []
        for chain in chains {
            var chain = chain
            var removed: [CoreferenceMention] = []
            for index in chain.indices {
                let mention = chain[index]
                let sentence = references[mention.sentence]
                guard mention.start <= mention.end else {
                    throw CoreferenceProblem(
                        text: "ends a mention that another sentence begins", sentence: mention.sentence,
                        line: mention.end, isOwn: true)
                }
                let tree: CoreferenceTree
                do {
                    let bounds = min(mention.start, sentence.count)..<min(mention.end + 1, sentence.count)
                    tree = try CoreferenceTree(sentence[bounds], start: mention.start)
                } catch {
                    throw CoreferenceProblem(text: error.text, sentence: mention.sentence, line: error.line)
                }
                if usesMinimumSpans, tree.root != nil {
                    chain[index].minimum = tree.minimum
                    if tree.minimum.isEmpty {
                        var words = own[mention.sentence][mention.start...mention.end].map(\.word)
                        if words[0].isEmpty { words = tree.leafWords }
                        chain[index].minimum = Set(
                            words.enumerated().map { .init(text: TextKey($1), place: $0) })
                    }
                }
                if onlyNounPhrases, tree.isVerbPhrase { removed.append(chain[index]) }
            }
            for mention in removed { if let index = chain.firstIndex(of: mention) { chain.remove(at: index) } }
            if removed.isEmpty || chain.count > 1 { changed.append(chain) }
        }
        self = CoreferenceChains(chains: changed)
    }
}
