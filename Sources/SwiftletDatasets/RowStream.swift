internal import CArrowInterface
internal import Logging
internal import SwiftletIO

/// The rows of one file, piece by piece.
struct RowStream {
    let source: FileSource
    let features: Features
    /// Whether Python, which streams the file, knows the features before the first row: Parquet and Arrow say them, and of
    /// JSON, objects that are not in a list tell them.
    let isTyped: Bool
    private let options: FileOptions
    private let declared: Features?
    private let reader: ArrowReader
    /// The columns that are read, by their numbers in the file; `nil` for all.
    private let places: [Int]?
    /// Whether declared columns that the file does not have are ones without values, as Python has it.
    private let fillsMissing: Bool
    /// Rows handed out so far.
    private var rows = 0

    /// How the types of a file without any are told from its values.
    enum Inference {
        /// From the whole file, which is held in memory up to so many bytes.
        case whole(keep: Int)
        /// From the first rows.
        case start
    }

    /// - Parameters:
    ///   - declared: features from a dataset card, whatever the file says itself.
    ///   - types: features that columns of text and numbers have whatever the file's values are.
    ///   - rows: about how many to read at a time, where the format leaves it open.
    init(
        _ source: FileSource, _ options: FileOptions, declared: Features? = nil, types: Features = [:],
        inference: Inference = .start, rows: Int = 1 << 14
    ) throws {
        (self.source, self.options, self.declared) = (source, options, declared)
        do {
            let reader = try Self.open(source, options, declared, types, inference, rows)
            let note = reader.note
            if !note.isEmpty { Datasets.logger.warning("'\(source.title)': \(note)") }
            let chosen = try reader.types.places(of: options.columns, source.title)
            places = chosen.count == reader.types.names.count ? nil : chosen
            let names = reader.types.names
            let table = try places.map { try reader.types.select($0, as: $0.map { names[$0] }) } ?? reader.types
            let own = try reader.types.ownFeatures(at: chosen)
            fillsMissing = own != nil
            let wanted = declared?.chosen(options.columns, of: table.names)
            features = try Dataset(
                table, declared: wanted ?? own ?? reader.featuresWithJSON(of: table.names), fillsMissing: fillsMissing
            ).features
            isTyped =
                switch source.format {
                case .parquet, .arrow: true
                case .json: options.field == nil && !reader.isList
                case .csv, .tsv, .text: false
                }
            self.reader = reader
        } catch { throw Self.diagnosed(error, source, options) }
    }

    private static func open(
        _ source: FileSource, _ options: FileOptions, _ declared: Features?, _ types: Features, _ inference: Inference,
        _ rows: Int
    ) throws -> ArrowReader {
        let keep: Int64 =
            switch inference {
            case .start: -1
            case .whole(let keep): Int64(keep)
            }
        let delimiter = try source.format.isDelimited ? delimiter(source, options) : ","
        return try source.with(encoding: options.encoding) { file in
            switch source.format {
            case .parquet:
                try withCStrings(options.columns ?? []) { columns in
                    try ArrowReader {
                        carrow_reader_parquet(
                            file, Int64(rows), options.columns == nil ? nil : columns,
                            Int64(options.columns?.count ?? 0), $0)
                    }
                }
            case .arrow: try ArrowReader { carrow_reader_ipc(file, $0) }
            case .text: try ArrowReader { carrow_reader_text(file, $0) }
            case .json:
                try options.withJSON(texts: Self.texts(types)) { options in
                    try ArrowReader { carrow_reader_json(file, options, keep, $0) }
                }
            case .csv, .tsv:
                try options.withCSV(delimiter: delimiter, types: fixed(declared, types)) { options in
                    try ArrowReader { carrow_reader_csv(file, options, keep, $0) }
                }
            }
        }
    }

    /// What stands between fields: as asked for, as the ending says, or as the first lines show.
    private static func delimiter(_ source: FileSource, _ options: FileOptions) throws -> Character {
        if let given = options.delimiter { return given }
        let expected: Character = source.format == .tsv ? "\t" : ","
        let quote: Character? = options.quoting == FileOptions.Quoting.none ? nil : options.quoteCharacter ?? "\""
        // In UTF-16 every other byte of what is looked for is zero.
        let head = try source.head(1 << 16).filter { $0 != 0 }
        guard let found = Delimiters.found(in: head, expected: expected, quote: quote) else { return expected }
        Datasets.logger.warning(
            "'\(source.title)' is named \(source.format.title), and its fields are separated by \(Delimiters.name(found)): it is read so; name a delimiter for another way"
        )
        return found
    }

    /// The types that the parser of delimited text makes by itself. Other ones are converted to, from what fits.
    private static func fixed(_ declared: Features?, _ types: Features) -> [(name: String, type: String)] {
        var fixed: [(name: String, type: String)] = []
        for (name, feature) in declared ?? [:] where types[name] == nil {
            switch feature {
            case .classLabel, .value("string"), .value("large_string"): fixed.append((name, "large_string"))
            default: break
            }
        }
        for (name, feature) in types {
            switch feature {
            case .value("string"): fixed.append((name, "large_string"))
            case .value(let type) where ["int64", "uint64", "float64", "bool", "large_string"].contains(type):
                fixed.append((name, type))
            default: break
            }
        }
        return fixed
    }

    private static func texts(_ types: Features) -> [String] {
        types.filter { $0.1 == .value("string") || $0.1 == .value("large_string") }.map(\.0)
    }

    private static func diagnosed(_ error: any Error, _ source: FileSource, _ options: FileOptions) -> any Error {
        if source.format == .json, let raw = error as? ArrowMessage, raw.number == 0,
            ReadingError.worded(raw.text) == nil,
            let found = JSONReading.diagnosis(source, options)
        {
            return ReadingError.naming(found, source)
        }
        return ReadingError.naming(error, source)
    }

    /// The next rows with the stream's own features; `nil` at the end.
    mutating func next() throws -> Dataset? { try next(as: features) }

    /// The next rows with the given features, converted where they differ; `nil` at the end.
    ///
    /// A column that the file does not have is one without values.
    mutating func next(as wanted: Features) throws -> Dataset? {
        do {
            guard var table = try reader.next() else { return nil }
            if let places { table = try table.select(places, as: places.map { reader.types.names[$0] }) }
            defer { rows += table.rows }
            return try RowOffset.$first.withValue(rows) { [features, fillsMissing] in
                let piece = try Dataset(table, declared: features, fillsMissing: fillsMissing).converted(to: wanted)
                return piece.from(Provenance(fingerprint: .unique()))
            }
        } catch { throw Self.diagnosed(error, source, options) }
    }
}

/// The number of the first row of a piece, for messages about its rows.
enum RowOffset {
    @TaskLocal static var first = 0
}

extension ArrowTable {
    /// The places of the columns that are asked for and have a type that is read here. What is left out is said.
    ///
    /// - Parameter columns: their names; `nil` for all.
    func places(of columns: [String]?, _ title: String) throws -> [Int] {
        var places = Array(names.indices)
        if let columns {
            let wanted = columns.textKeys
            let known = names.textKeys
            if let missing = columns.first(where: { !known.contains(TextKey($0)) }) {
                throw DatasetError.noColumn(missing, in: names)
            }
            places = places.filter { wanted.contains(TextKey(names[$0])) }
        }
        var kept: [Int] = []
        var left: [String] = []
        for place in places { if try type(place) != nil { kept.append(place) } else { left.append(names[place]) } }
        guard !left.isEmpty else { return kept }
        guard !kept.isEmpty else {
            throw DatasetError(
                "no column is of a type that can be read",
                remedy: "Store the data as numbers, text, lists or structures.",
                kind: .unsupported)
        }
        Datasets.logger.warning(
            "'\(title)': \(DatasetError.listed(left)) left out, of a type that is not read (a union or an interval)")
        return kept
    }
}
