internal import SwiftletIO

/// The formats that rows are read from.
public enum FileFormat: String, Sendable, CaseIterable {
    // Where files of several formats are one split's, the first of these is taken, as by Python.
    /// Apache Parquet, as the Hub stores datasets.
    case parquet
    /// Arrow's stream or file format, as `datasets` keeps its cache.
    case arrow
    /// One object a line, or a list or an object of columns at the top.
    case json
    /// Fields with commas, or another delimiter, between them.
    case csv
    /// Fields with tabs between them.
    case tsv
    /// One text a line, in the column `text`.
    case text

    /// As it is called in messages.
    var title: String {
        switch self {
        case .parquet: "Parquet"
        case .arrow: "Arrow"
        case .csv: "CSV"
        case .tsv: "TSV"
        case .json: "JSON"
        case .text: "text"
        }
    }

    var isDelimited: Bool { self == .csv || self == .tsv }
    var isText: Bool { self != .parquet && self != .arrow }
}

/// How the characters of a text file are stored.
public enum TextEncoding: String, Sendable, CaseIterable {
    /// UTF-8, with or without a byte order mark.
    case utf8 = "utf-8"
    /// Little- or big-endian, as the byte order mark says; without one, little-endian.
    case utf16 = "utf-16"
    /// UTF-16, low byte first.
    case utf16LittleEndian = "utf-16-le"
    /// UTF-16, high byte first.
    case utf16BigEndian = "utf-16-be"
    /// ISO 8859-1: each byte is the code point of its number.
    case latin1 = "latin-1"
    /// The code page of Western Windows; Excel's CSV files often have it.
    case windows1252 = "windows-1252"
    /// Bytes below 128; others are an error.
    case ascii

    /// The encoding of a name, in any of the spellings that Python takes: `UTF8`, `utf_16`, `iso-8859-1`, `cp1252`.
    ///
    /// - Throws: `DatasetError` that lists the names there are.
    public init(named name: String) throws {
        let key = String(
            name.lowercased().unicodeScalars.filter { $0 != "-" && $0 != "_" && $0 != " " }.map(Character.init))
        switch key {
        case "utf8", "u8", "utf8sig": self = .utf8
        case "utf16", "u16": self = .utf16
        case "utf16le": self = .utf16LittleEndian
        case "utf16be": self = .utf16BigEndian
        case "latin1", "iso88591", "88591", "l1": self = .latin1
        case "windows1252", "cp1252", "1252": self = .windows1252
        case "ascii", "usascii", "646": self = .ascii
        default:
            throw DatasetError(
                "the encoding '\(name)' is not known",
                remedy:
                    "Choose one of \(Self.allCases.map(\.rawValue).joined(separator: ", ")), or convert the file to UTF-8.",
                kind: .unsupported, at: ErrorLocation(option: "encoding"))
        }
    }
}

/// How files are read: what `load_dataset("csv", sep=..., quoting=..., ...)` takes in Python.
///
/// An option that does not go with a file's format is an error, not ignored.
public struct FileOptions: Sendable, Equatable {
    /// Which fields of delimited text are in quotes; the values of Python's `csv.QUOTE_MINIMAL` and `csv.QUOTE_NONE`.
    public enum Quoting: String, Sendable, CaseIterable {
        /// Those that begin with the quote character.
        case minimal
        /// None: a quote character is a part of the text.
        case none
    }

    /// The format, where the file's name does not tell it.
    public var format: FileFormat?
    /// Between the fields of a row, one ASCII character. By default a comma, for TSV a tab; where the first lines have
    /// none of it but as many tabs, semicolons or bars each, that is taken and a warning logged.
    public var delimiter: Character?
    /// Which fields of delimited text are in quotes; by default those that begin with the quote character.
    public var quoting: Quoting?
    /// Around fields that hold the delimiter or a line break, one ASCII character; `"` by default.
    public var quoteCharacter: Character?
    /// Whether the first row names the columns. By default it does, unless `columnNames` are given, as in Python.
    public var hasHeader: Bool?
    /// Names for the columns of delimited text. Without a header and names they are called `0`, `1`, ...
    public var columnNames: [String]?
    /// UTF-8 by default.
    public var encoding: TextEncoding?
    /// The key of a JSON file's object under which the rows are.
    public var field: String?
    /// Only these columns are read, in the order of the file; all by default.
    public var columns: [String]?

    /// Every option has the default that its property tells.
    public init(
        format: FileFormat? = nil, delimiter: Character? = nil, quoting: Quoting? = nil,
        quoteCharacter: Character? = nil,
        hasHeader: Bool? = nil, columnNames: [String]? = nil, encoding: TextEncoding? = nil, field: String? = nil,
        columns: [String]? = nil
    ) {
        self.format = format
        self.delimiter = delimiter
        self.quoting = quoting
        self.quoteCharacter = quoteCharacter
        self.hasHeader = hasHeader
        self.columnNames = columnNames
        self.encoding = encoding
        self.field = field
        self.columns = columns
    }

    /// Refuses options that contradict each other or are out of range.
    ///
    /// - Throws: `DatasetError` that names the option.
    public func validate() throws {
        func ascii(_ character: Character, _ name: String) throws {
            guard let value = character.asciiValue, character.unicodeScalars.count == 1, value != 10, value != 13,
                value != 0
            else {
                throw DatasetError(
                    "the \(name) \(PythonText.of(String(character))) is not one ASCII character",
                    remedy: name == "delimiter" ? "Use a comma, a tab, a semicolon or the like." : "Use \" or '.",
                    kind: .invalidArgument, at: ErrorLocation(option: name == "delimiter" ? name : "quotechar"))
            }
        }
        if let delimiter { try ascii(delimiter, "delimiter") }
        if let quoteCharacter { try ascii(quoteCharacter, "quote character") }
        if quoting == Quoting.none, quoteCharacter != nil {
            throw DatasetError(
                "a quote character is given, and no quoting", remedy: "Leave one of the two options out.",
                kind: .invalidArgument, at: ErrorLocation(option: "quotechar"))
        }
        if let delimiter, delimiter == quoteCharacter ?? "\"", quoting != Quoting.none {
            throw DatasetError(
                "the delimiter and the quote character are both \(PythonText.of(String(delimiter)))",
                remedy: "Choose another one of the two.", kind: .invalidArgument,
                at: ErrorLocation(option: "delimiter"))
        }
        if let columnNames {
            var seen: Set<TextKey> = []
            if columnNames.isEmpty || columnNames.contains("") {
                throw DatasetError(
                    "a column name is empty", remedy: "Give a name for each column.", kind: .invalidArgument,
                    at: ErrorLocation(option: "column_names"))
            }
            for name in columnNames where !seen.insert(TextKey(name)).inserted {
                throw DatasetError(
                    "the column name '\(name)' is given twice", remedy: "Give each column a name of its own.",
                    kind: .invalidArgument, at: ErrorLocation(column: name, option: "column_names"))
            }
        }
        if let columns, columns.isEmpty {
            throw DatasetError(
                "no columns are chosen", remedy: "Name at least one, or leave the option out.", kind: .invalidArgument,
                at: ErrorLocation(option: "columns"))
        }
        if field == "" {
            throw DatasetError(
                "the field is empty", remedy: "Name a key, or leave the option out.", kind: .invalidArgument,
                at: ErrorLocation(option: "field"))
        }
    }

    /// Refuses options that files of a format have no use for.
    func check(_ format: FileFormat, _ path: String) throws {
        try validate()
        func refuse(_ option: String, _ formats: String) -> DatasetError {
            DatasetError(
                "'\(path)' is \(format.title), and \(option) is for \(formats)",
                remedy: "Leave the option out, or give the format.", kind: .invalidArgument,
                at: ErrorLocation(path: path))
        }
        if !format.isDelimited {
            if delimiter != nil { throw refuse("a delimiter", "CSV and TSV") }
            if quoting != nil || quoteCharacter != nil { throw refuse("quoting", "CSV and TSV") }
            if hasHeader != nil { throw refuse("a header", "CSV and TSV") }
            if columnNames != nil { throw refuse("a list of column names", "CSV and TSV") }
        }
        if !format.isText, encoding != nil { throw refuse("an encoding", "text files: CSV, TSV, JSON and plain text") }
        if format != .json, field != nil { throw refuse("a field", "JSON") }
    }

    /// What tells the results of one way of reading from another's.
    var identity: String {
        "\(format?.rawValue ?? "") \(delimiter.map { "\($0)" } ?? "") \(quoting?.rawValue ?? "") "
            + "\(quoteCharacter.map { "\($0)" } ?? "") \(hasHeader.map { "\($0)" } ?? "") \(columnNames ?? []) "
            + "\(encoding?.rawValue ?? "") \(field ?? "") \(columns ?? [])"
    }
}
