public import ArgumentParser
public import SwiftletDatasets

/// How data files are read, for every command that reads some.
package struct FileOptionGroup: ParsableArguments {
    @Option(help: "Between the fields of CSV and TSV: one character, or 'tab'.") var delimiter: String?
    @Option(help: "Whether quotes around fields count: 'minimal' or 'none'.") var quoting: FileOptions.Quoting?
    @Option(help: "The character that quotes fields, in place of \".") var quoteCharacter: String?
    @Flag(help: "The first row of CSV and TSV is data, not names.") var noHeader = false
    @Option(
        parsing: .upToNextOption,
        help:
            "Names of the columns of CSV and TSV, with spaces or commas between; the first row is data then, as in Python."
    )
    var columnNames: [String] = []
    @Option(help: "Encoding of text files, such as utf-16 or windows-1252.") var encoding: String?
    @Option(help: "The key of a JSON file under which the rows are.") var field: String?
    @Option(parsing: .upToNextOption, help: "Read only these columns, with spaces or commas between.")
    var columns: [String] = []
    @Option(help: "The files' format, where their names do not tell it: csv, tsv, json, parquet, arrow or text.")
    var format: FileFormat?

    package init() {}

    package func validate() throws { try checkingOptions { _ = try options() } }

    /// The option that was given, where one was.
    package var given: String? {
        [
            ("--delimiter", delimiter != nil), ("--quoting", quoting != nil),
            ("--quote-character", quoteCharacter != nil),
            ("--no-header", noHeader), ("--column-names", !columnNames.isEmpty), ("--encoding", encoding != nil),
            ("--field", field != nil), ("--columns", !columns.isEmpty), ("--format", format != nil),
        ].first(where: \.1)?.0
    }

    /// - Throws: `DatasetError` or `ValidationError` that names the option.
    package func options() throws -> FileOptions {
        let options = FileOptions(
            format: format, delimiter: try delimiter.map { try Self.character($0, "--delimiter") }, quoting: quoting,
            quoteCharacter: try quoteCharacter.map { try Self.character($0, "--quote-character") },
            hasHeader: noHeader ? false : nil, columnNames: Self.names(columnNames),
            encoding: try encoding.map { try TextEncoding(named: $0) }, field: field, columns: Self.names(columns))
        try options.validate()
        return options
    }

    private static func character(_ text: String, _ option: String) throws -> Character {
        switch text {
        case "\\t", "tab": return "\t"
        case "space": return " "
        default:
            guard text.count == 1, let character = text.first else {
                throw ValidationError("\(option) is '\(text)'; give one character, or 'tab'.")
            }
            return character
        }
    }

    private static func names(_ words: [String]) -> [String]? {
        words.isEmpty
            ? nil : words.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }
}

extension FileOptions.Quoting: ExpressibleByArgument {}
extension FileFormat: ExpressibleByArgument {}
