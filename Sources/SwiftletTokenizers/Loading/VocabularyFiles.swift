import SwiftletIO

/// What a model is made of, from whichever files a folder has.
struct VocabularyFiles {
    var data = ModelData()
    /// `tokenizer.json`, if that is the file.
    var json: TokenizerJSON?
    /// The compiled normalization rules of SentencePiece, as `tokenizer.json` writes them.
    var charsmap: String?
    var unknownID: Int?
    /// Tokens that a SentencePiece model keeps whole.
    var extraTokens: [AddedToken] = []
    /// Where vocabulary and merges are from, for messages.
    var path: String
    var mergesPath: String

    /// - Parameters:
    ///   - file: the path of a file of the folder, if it is there.
    ///   - token: the text of a special token by its name.
    init(
        _ folder: String, _ family: TokenizerFamily, file: (String) -> String?, token: (String) -> String
    ) throws {
        if let path = file("tokenizer.json") {
            (self.path, mergesPath) = (path, path)
            let json = try TokenizerJSON(path, rounding: family == .generic ? .twice : .nearest)
            self.json = json
            data = json.data
            guard family != .generic else { return }
            if let section = try json.document.optional("normalizer") { charsmap = try Self.charsmap(section) }
            let model = try json.document.required("model")
            let type = try Model.type(model, data)
            guard type == family.modelType else { throw model.unsupported(type) }
            return
        }
        guard let name = family.vocabularyFile, let path = file(name) else {
            let wanted =
                family.vocabularyFile.map { "tokenizer.json or \($0)" } ?? "tokenizer.json, or vocab.txt with the "
                + "class of a BERT-like tokenizer in tokenizer_config.json or config.json"
            throw TokenizerError(
                "'\(folder)' has no tokenizer file that is understood", remedy: "A folder needs \(wanted).",
                kind: .noFile, at: ErrorLocation(path: folder))
        }
        (self.path, mergesPath) = (path, path)
        switch name {
        case "vocab.txt": data.vocabulary = try Self.vocabulary(lines: path)
        case "vocab.json":
            guard let merges = file("merges.txt") else {
                throw TokenizerError(
                    "'\(folder)' has vocab.json, but not merges.txt", remedy: "The vocabulary needs both files.",
                    kind: .noFile, at: ErrorLocation(path: folder))
            }
            data.vocabulary = try Self.vocabulary(json: path)
            data.merges = try Self.merges(lines: merges)
            mergesPath = merges
        default: try read(SentencePieceModel(path), family, token)
        }
    }

    private mutating func read(
        _ model: SentencePieceModel, _ family: TokenizerFamily, _ token: (String) -> String
    ) throws {
        guard family != .camembert || model.modelType == 1 else {
            throw TokenizerError.invalid(
                path, "model_type", "is \(model.modelType), and only 1, Unigram, is implemented", kind: .unsupported)
        }
        var scores = model.scores
        switch family {
        case .xlmRoberta:
            let first = ["bos_token", "pad_token", "eos_token", "unk_token"].map { (token: token($0), score: 0.0) }
            scores = first + scores.dropFirst(3) + [(token("mask_token"), 0)]
        case .camembert:
            let first = [
                ("<s>NOTUSED", 0), (token("pad_token"), 0), ("</s>NOTUSED", 0), (token("unk_token"), 0),
                ("<unk>NOTUSED", -100.0),
            ]
            scores = first.map { (token: $0.0, score: $0.1) } + scores.dropFirst() + [(token("mask_token"), 0)]
        default: break
        }
        data.scores = scores
        charsmap = model.encodedCharsmap
        unknownID = model.unknownID
        extraTokens = model.pieces.filter { $0.isControl || $0.isUserDefined }.map {
            AddedToken($0.token, isSpecial: $0.isControl, isNormalized: false)
        }
    }

    /// The rules of the first Precompiled normalizer of a file.
    private static func charsmap(_ section: JSONSection) throws -> String? {
        let steps: [JSONSection]
        if try section.optional("type")?.value.string == "Sequence" {
            steps = try section.required("normalizers").items()
        } else {
            steps = [section]
        }
        for step in steps where try step.optional("type")?.value.string == "Precompiled" {
            if try step.optional("precompiled_charsmap") != nil { return try step.string("precompiled_charsmap") }
        }
        return nil
    }

    /// The model that the class of a family makes of its vocabulary.
    ///
    /// - Parameter unknown: the unknown token.
    func model(_ family: TokenizerFamily, unknown: String, _ settings: JSONSection) throws -> Model {
        let model = JSONSection(value: [:], path: path, key: json == nil ? "" : "model")
        switch family.modelType {
        case "Unigram":
            guard let tokens = data.scores else { throw model.invalid("vocab", "is not a list of tokens and scores") }
            var id: Int
            switch family {
            case .albert: id = 1
            case .camembert: id = tokens.firstIndex { TokenizerFiles.same($0.token, unknown) } ?? 0
            case .debertaV2:
                id = try settings.optional("unk_id") == nil ? 1 : try settings.int("unk_id")
                id = unknownID ?? id
                id = tokens.firstIndex { $0.score == 0 && TokenizerFiles.same($0.token, unknown) } ?? id
            default: id = 3
            }
            do throws(TokenizerError) {
                return .unigram(try Unigram(tokens: tokens, unknownID: id))
            } catch {
                throw TokenizerError.invalid(path, "vocab", error.message, remedy: error.remedy)
            }
        case "BPE":
            guard let pairs = data.vocabulary else {
                throw model.invalid("vocab", "is not an object of tokens and ids")
            }
            guard let merges = data.merges else { throw model.invalid("merges", "is not a list of merges") }
            do throws(TokenizerError) {
                let options = BPE.Options(continuingPrefix: "", endSuffix: "")
                return .bpe(try BPE(vocabulary: Vocabulary(pairs), merges: merges, options: options))
            } catch {
                throw TokenizerError.invalid(mergesPath, "merges", error.message, remedy: error.remedy)
            }
        default:
            guard let pairs = data.vocabulary else {
                throw model.invalid("vocab", "is not an object of tokens and ids")
            }
            return .wordPiece(WordPiece(vocabulary: Vocabulary(pairs), unknownToken: unknown))
        }
    }

    /// Calls `body` with each line, without its line feed.
    private static func eachLine(
        _ path: String, _ body: (_ number: Int, _ line: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let file = try MappedFile(path)
        try withExtendedLifetime(file) {
            var (start, number) = (0, 0)
            while start < file.bytes.count {
                var end = start
                while end < file.bytes.count, file.bytes[end] != 0x0A { end += 1 }
                number += 1
                try body(number, UnsafeRawBufferPointer(rebasing: file.bytes[start..<end]))
                start = end + 1
            }
        }
    }

    /// One token a line; its number is the id.
    private static func vocabulary(lines path: String) throws -> [(token: String, id: Int32)] {
        var pairs: [(token: String, id: Int32)] = []
        let table = UnicodeTable.shared
        try eachLine(path) { number, line in
            guard let text = String(validating: line, as: UTF8.self) else {
                throw TokenizerError.invalid(path, "line \(number)", "is not UTF-8")
            }
            var scalars = text.unicodeScalars[...]
            while let last = scalars.last, table[last.value].has(UnicodeTable.Entry.whitespace) { scalars.removeLast() }
            pairs.append((String(scalars), Int32(pairs.count)))
        }
        return pairs
    }

    private static func vocabulary(json path: String) throws -> [(token: String, id: Int32)] {
        let file = try MappedFile(path)
        return try withExtendedLifetime(file) {
            var scanner = JSONScanner(bytes: file.bytes)
            scanner.skipSpace()
            let start = scanner.position
            guard start < file.bytes.count, file.bytes[start] == UInt8(ascii: "{"), scanner.skipValue() else {
                throw TokenizerError.invalid(path, "the document", "is not an object of tokens and ids")
            }
            return try ModelReader(bytes: file.bytes, range: start..<scanner.position, path: path, key: "vocab").pairs()
        }
    }

    /// One merge a line, the first line may say the version.
    private static func merges(lines path: String) throws -> MergeList {
        var merges = MergeList()
        try eachLine(path) { number, line in
            var line = line
            if line.last == 0x0D { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
            if merges.append(line: line) == .malformed {
                throw TokenizerError.invalid(path, "line \(number)", "is not two texts with one space between")
            }
        }
        return merges
    }
}
