internal import CArrowInterface
internal import SwiftletIO

/// Reads the files of each split that is asked for and puts them together.
///
/// The types of all splits are those of the training split, or of the first one: what another split's values alone would
/// make of a column does not matter.
///
/// - Parameters:
///   - features: declared on a card.
///   - name: what the dataset is called among the prepared files of a cache.
///   - isPrepared: whether files too large for memory are kept in the cache for the next time.
func loadSplits(
    _ splits: [(split: String, files: [String])], _ features: Features?, _ options: FileOptions,
    only choice: SplitChoice,
    name: String?, isPrepared: Bool = true
) throws -> DatasetDict {
    try options.validate()
    let needed = try choice.needed(of: splits)
    let first = needed.firstIndex { $0.split == "train" } ?? 0
    var loaded: [(String, Dataset)?] = Array(repeating: nil, count: needed.count)
    var settled: Features?
    for index in [first] + needed.indices.filter({ $0 != first }) where needed.indices.contains(index) {
        let (split, files) = needed[index]
        let loading = try SplitLoading(
            split: split, files: files, declared: features, options: options, settled: settled)
        let dataset = try loading.dataset(name, isPrepared: isPrepared)
        loaded[index] = (split, dataset)
        if settled == nil { settled = dataset.features }
    }
    return DatasetDict(loaded.compactMap(\.self))
}

/// One split on its way from its files.
private struct SplitLoading {
    let split: String
    let sources: [FileSource]
    let declared: Features?
    let options: FileOptions
    /// The features of the split that was read first.
    let settled: Features?

    init(split: String, files: [String], declared: Features?, options: FileOptions, settled: Features?) throws {
        self.split = split
        sources = try files.flatMap { try FileSource.all($0, options) }
        (self.declared, self.options, self.settled) = (declared, options, settled)
    }

    func dataset(_ name: String?, isPrepared: Bool) throws -> Dataset {
        if !sources.isEmpty, sources.allSatisfy(\.isMapped) { return try mapped() }
        let parts = try sources.map { try Dataset.provenance(of: $0, declared, options) }
        let settledText = settled?.metadata ?? ""
        var bytes = 0
        for source in sources { bytes += try source.member?.size ?? FileSystem.size(of: source.path) }
        let isLarge = bytes > Datasets.memoryLimit && !sources.contains(where: \.isMapped)
        guard isLarge, isPrepared, Datasets.isCachingEnabled else {
            let joined = parts.count == 1 ? parts[0] : Provenance.joining("concatenate", parts)
            let provenance = settled == nil ? joined : joined.adding("settle") { [settledText] }
            let result = try Dataset.cached("Read", provenance, isKept: false) {
                try write(&$0, isLarge: isLarge)
            } result: { table, features, _ in
                Dataset(unchecked: table, features, provenance)
            }
            return try result ?? Dataset(unchecked: ArrowTable.empty([:]), [:], provenance)
        }
        let provenance = Provenance.joining("prepare", parts).adding("settle") { [settledText] }
        let digits = try provenance.fingerprint.text()
        let folder = ["\(name ?? "files/default")-\(digits)", "0.0.0", digits].reduce(
            Datasets.cacheFolder, FileSystem.join)
        let file = FileSystem.join(
            folder, "\(FileSystem.name(of: FileSystem.parent(of: name ?? "files/x")))-\(split).arrow")
        let result = try Dataset.cached("Prepare", in: file, folder) {
            try write(&$0, isLarge: true)
        } _: {
            table, features, files in
            Dataset(
                unchecked: table, features,
                Provenance(fingerprint: provenance.fingerprint, files: files, folder: files.isEmpty ? nil : folder))
        }
        return try result ?? Dataset(unchecked: ArrowTable.empty([:]), [:], provenance)
    }

    /// Arrow files, whose columns stay where they are.
    private func mapped() throws -> Dataset {
        let parts = try sources.map { try Dataset.mapped($0, declared: declared, options: options) }
        let features = try Settling.features(parts.map(\.features), sources, settled)
        let cast = try zip(parts, sources).map { part, source in
            do { return part.features == features ? part : try part.cast(features) } catch {
                throw Settling.misfit(error, source, settled)
            }
        }
        return cast.count == 1 ? cast[0] : try Dataset.concatenate(cast)
    }

    /// All rows in one set of types.
    private func write(_ writer: inout ResultWriter, isLarge: Bool) throws {
        // What is too large for memory is read twice: for the types, then for the rows.
        let keep = isLarge ? 0 : Datasets.memoryLimit
        let rows = 1 << 16
        var streams: [RowStream?] = []
        var found: [Features] = []
        for source in sources {
            let stream = try RowStream(
                source, options, declared: declared, inference: .whole(keep: keep), rows: rows)
            found.append(stream.features)
            // Readers of many files would hold them all open.
            streams.append(sources.count > 64 && !source.format.isText ? nil : stream)
        }
        let features = try Settling.features(found, sources, settled)
        var isEmpty = true
        for (index, source) in sources.enumerated() {
            do {
                var stream =
                    try streams[index]
                    ?? RowStream(source, options, declared: declared, inference: .whole(keep: keep), rows: rows)
                streams[index] = nil
                let types = Settling.types(features, found[index], source)
                if types.count > 0 {
                    stream = try RowStream(
                        source, options, declared: declared, types: types, inference: .whole(keep: keep), rows: rows)
                }
                while let piece = try stream.next(as: features) {
                    try writer.append(try piece.table(), features)
                    isEmpty = false
                }
            } catch { throw Settling.misfit(error, source, settled) }
        }
        if isEmpty { try writer.append(try ArrowTable.empty(features), features) }
    }
}

/// The types that several files have in common.
enum Settling {
    /// The features of a split: those that hold the values of all its files, or those of the split that was read first.
    static func features(_ found: [Features], _ sources: [FileSource], _ settled: Features?) throws -> Features {
        guard var joined = found.first else { return [:] }
        for (features, source) in zip(found, sources).dropFirst() {
            let missing = joined.names.filter { features[$0] == nil }
            let extra = features.names.filter { joined[$0] == nil }
            guard missing.isEmpty && extra.isEmpty || source.format == .json else {
                throw DatasetError(
                    "'\(source.title)' has the columns \(DatasetError.listed(features.names)), '\(sources[0].title)' has \(DatasetError.listed(joined.names))",
                    remedy: "Make the files of a split have the same columns, or choose common ones.",
                    kind: .columnMismatch,
                    at: ErrorLocation(path: source.title))
            }
            for (name, feature) in features {
                guard let before = joined[name] else {
                    joined[name] = feature
                    continue
                }
                guard let both = join(before, feature, source.format) else {
                    throw DatasetError(
                        "column '\(name)' is \(feature) in '\(source.title)' and \(before) in the files before it",
                        remedy: "Make the column of one type in all files of a split.", kind: .columnMismatch,
                        at: ErrorLocation(path: source.title, column: name))
                }
                joined[name] = both
            }
        }
        let isDelimited = sources.first?.format.isDelimited == true
        return Features(
            joined.map { name, feature in
                if let first = settled?[name], let common = adopting(first, feature) { return (name, common) }
                // What has no value at all is floating point to pandas.
                return (name, isDelimited && feature == .value("null") ? .value("float64") : feature)
            })
    }

    /// The feature that a column gets from the split that was read first; `nil` where it keeps its own.
    private static func adopting(_ first: Feature, _ own: Feature) -> Feature? {
        switch (first, own) {
        // Names of labels are compared where they are used.
        case (.classLabel, _), (_, .classLabel): nil
        case (.value("null"), _): nil
        case (.json, _): .json
        case (.value, .value): first
        case (.list(let first), .list(let own)): adopting(first, own).map { .list($0) }
        case (.list, .value("null")), (.structure, .value("null")), (.largeList, .value("null")): first
        // What is of another form does not fit; the conversion says in which row.
        case (_, .json), (.value, .structure), (.value, .list), (.list, .structure), (.structure, .list),
            (.list, .value), (.structure, .value):
            first
        case (.structure(let first), .structure(let own)):
            .structure(
                Features(own.map { name, feature in (name, first[name].flatMap { adopting($0, feature) } ?? feature) }))
        default: nil
        }
    }

    private static func join(_ left: Feature, _ right: Feature, _ format: FileFormat) -> Feature? {
        if let joined = ArrowBuilding.join(left, right) { return joined }
        // What needs JSON text in one file has it in all.
        if format == .json, let joined = left.joinedByJSON(right) { return joined }
        guard case .value(let one) = left, case .value(let other) = right else { return nil }
        let types: Set<TextKey> = [TextKey(one), TextKey(other)]
        if format.isDelimited, types.isSubset(of: ["int64", "uint64", "float64", "bool", "large_string"]) {
            return .value("large_string")
        }
        if format == .json, types == ["timestamp[s]", "string"] { return .value("string") }
        return nil
    }

    /// The columns that a text file has to be read again for, in types that its own values do not suggest.
    static func types(_ wanted: Features, _ found: Features, _ source: FileSource) -> Features {
        switch source.format {
        case .csv, .tsv:
            Features(
                wanted.filter { name, feature in
                    found[name] != nil && found[name] != feature && found[name] != .value("null")
                })
        case .json:
            Features(
                wanted.filter { name, feature in
                    found[name] == .value("timestamp[s]")
                        && (feature == .value("string") || feature == .value("large_string"))
                })
        default: [:]
        }
    }

    /// An error of converting to the types of another split, which says where they are from.
    static func misfit(_ error: any Error, _ source: FileSource, _ settled: Features?) -> any Error {
        guard settled != nil, var error = error as? DatasetError else { return ReadingError.naming(error, source) }
        if !error.message.contains("'\(source.title)'") { error = error.inFile(source.title) }
        let origin = "The types of all splits are those of the training split."
        error.commandLineRemedy = "\(origin) \(error.commandLineRemedy ?? "Make them agree.")"
        error.remedy = "\(origin) \(error.remedy ?? "Make them agree.")"
        return error
    }
}
