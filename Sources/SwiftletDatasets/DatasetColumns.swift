internal import SwiftletIO

extension Dataset {
    /// Only these columns, in this order.
    public func selectColumns(_ names: [String]) throws -> Dataset {
        let indices = try names.map { try index(of: $0) }
        var seen: Set<TextKey> = []
        if let twice = names.first(where: { !seen.insert(TextKey($0)).inserted }) {
            throw DatasetError(
                "column '\(twice)' is chosen twice", remedy: "Name each column once.", kind: .invalidArgument,
                at: ErrorLocation(column: twice))
        }
        return Dataset(
            unchecked: try stored.select(indices, as: names), Features(zip(names, indices.map { features.types[$0] })),
            indices: self.indices, provenance.adding("select_columns") { names }
        ).formatted(as: self)
    }

    /// The dataset without some columns.
    ///
    /// - Throws: `DatasetError` for a column that is not there.
    public func removeColumns(_ names: [String]) throws -> Dataset {
        for name in names { _ = try index(of: name) }
        let removed = names.textKeys
        return try selectColumns(columnNames.filter { !removed.contains(TextKey($0)) })
    }

    /// The dataset without some columns.
    ///
    /// - Throws: `DatasetError` for a column that is not there.
    public func removeColumns(_ names: String...) throws -> Dataset { try removeColumns(names) }

    /// The dataset with another name for a column.
    ///
    /// - Throws: `DatasetError` for a column that is not there, or a new name that is empty or taken.
    public func renameColumn(_ name: String, to newName: String) throws -> Dataset {
        let index = try index(of: name)
        guard !newName.isEmpty else {
            throw DatasetError(
                "column '\(name)' can't be renamed to nothing", remedy: "Give a name.", kind: .invalidArgument,
                at: ErrorLocation(column: name))
        }
        guard newName.isSame(as: name) || features[newName] == nil else {
            throw DatasetError(
                "column '\(name)' can't be renamed to '\(newName)', which there is already",
                remedy: "Remove or rename '\(newName)' first.", kind: .invalidArgument,
                at: ErrorLocation(column: newName))
        }
        var names = columnNames
        names[index] = newName
        let renamed = names
        return Dataset(
            unchecked: try stored.select(Array(renamed.indices), as: renamed), Features(zip(renamed, features.types)),
            indices: indices, provenance.adding("rename_column") { renamed }
        ).formatted(as: self, renaming: [TextKey(name): newName])
    }

    /// Several columns renamed at once, so that two can change places.
    public func renameColumns(_ names: [String: String]) throws -> Dataset {
        for name in names.keys.sortedByCodePoints() { _ = try index(of: name) }
        let names = Dictionary(names.map { (TextKey($0), $1) }, uniquingKeysWith: { first, _ in first })
        let renamed = columnNames.map { names[TextKey($0)] ?? $0 }
        guard renamed.textKeys.count == renamed.count, !renamed.contains(where: \.isEmpty) else {
            throw DatasetError(
                "the columns can't be called \(DatasetError.listed(renamed))",
                remedy: "Give each column a name of its own.", kind: .invalidArgument,
                at: ErrorLocation(option: "column_mapping"))
        }
        return Dataset(
            unchecked: try stored.select(Array(renamed.indices), as: renamed), Features(zip(renamed, features.types)),
            indices: indices, provenance.adding("rename_columns") { renamed }
        ).formatted(as: self, renaming: names)
    }

    /// The dataset with one more column, at the end.
    ///
    /// - Parameters:
    ///   - name: the column's name.
    ///   - data: a value for each row.
    ///   - feature: its type; by default what the values are.
    /// - Throws: `DatasetError` for a name that is taken, or another number of values than rows.
    public func addColumn(_ name: String, _ data: ColumnData, feature: Feature? = nil) throws -> Dataset {
        guard features[name] == nil else {
            throw DatasetError(
                "there is a column '\(name)' already", remedy: "Remove it first, or choose another name.",
                kind: .invalidArgument, at: ErrorLocation(column: name))
        }
        guard data.count == count || numColumns == 0 else {
            throw DatasetError(
                "column '\(name)' has \(data.count) rows, the dataset \(count)",
                remedy: "Give one value for every row.", kind: .columnMismatch, at: ErrorLocation(column: name))
        }
        let column = try Dataset.fromColumns([(name, data)], features: feature.map { [name: $0] })
        if numColumns == 0 { return column }
        return Dataset(
            unchecked: try table().beside(column.stored), Features(Array(features) + Array(column.features)),
            .joining("add_column", [provenance, column.provenance])
        ).formatted(as: self)
    }

    /// The column converted to another type.
    ///
    /// - Throws: `DatasetError` that names the row where a value does not fit.
    public func castColumn(_ name: String, to feature: Feature) throws -> Dataset {
        let index = try index(of: name)
        let provenance = provenance.adding("cast_column") { [Features([(name, feature)]).metadata] }
        return try flattened { dataset in
            let (table, features) = (dataset.stored, dataset.features)
            let column = try table.column(index)
            let stored = column.type.feature
            var changed = features
            changed[name] = feature
            let before = features.types[index]
            let isText = feature == .json && before != .json && !JSONText.looksEncoded(column)
            if stored == feature.storage, !isText {
                if case .classLabel(let names) = feature { try ClassLabels.check(column, names, name) }
                return Dataset(unchecked: table, changed, provenance)
            }
            if !before.isEncoded, case .value(let type) = feature, case .value(let from) = stored, from != "null" {
                return Dataset(unchecked: try table.cast(index, to: type), changed, provenance)
            }
            let values = (0..<column.count).map { before.decoded(column.value($0)) }
            let (array, _) = try ArrowBuilding.array(.values(values), named: name, as: feature)
            return Dataset(
                unchecked: try table.replacing(index, with: [(name, array)]), changed, provenance)
        }
    }

    /// All columns converted to other types.
    ///
    /// - Parameter features: one for each column; the result has their order.
    public func cast(_ features: Features) throws -> Dataset {
        guard features.names.textKeys == columnNames.textKeys else {
            throw DatasetError(
                "the features \(DatasetError.listed(features.names)) are not those of the columns \(DatasetError.listed(columnNames))",
                remedy: "Give a feature for each column.", kind: .columnMismatch, at: ErrorLocation(option: "features"))
        }
        return try flattened { try $0.converted(to: features) }
    }

    /// `body` on the rows laid out in order, in the format of this dataset.
    private func flattened(_ body: (Dataset) throws -> Dataset) throws -> Dataset {
        let source = indices == nil ? self : Dataset(unchecked: try table(), features, provenance)
        return try body(source).formatted(as: self)
    }

    /// Structures replaced by a column for each of their fields, named `column.field`, at all depths.
    public func flatten() throws -> Dataset {
        var (table, features) = (stored, features)
        func isStructure(_ feature: Feature) -> Bool { if case .structure = feature { true } else { false } }
        while features.types.contains(where: isStructure) {
            table = try table.flattened()
            features = Features(
                features.flatMap { name, feature -> [(String, Feature)] in
                    guard case .structure(let fields) = feature else { return [(name, feature)] }
                    return fields.map { ("\(name).\($0.0)", $0.1) }
                })
            guard features.names.areSame(as: table.names) else {
                throw DatasetError(
                    "flattened columns get the same name: \(DatasetError.listed(table.names))",
                    remedy: "Rename a column.", kind: .columnMismatch)
            }
        }
        return Dataset(unchecked: table, features, indices: indices, provenance.adding("flatten")).formatted(as: self)
    }

    /// The distinct values of a column in the order they first come.
    public func unique(_ name: String) throws -> [Value] {
        let column = try column(name)
        var seen: Set<TextKey> = []
        var result: [Value] = []
        for value in column.values() {
            // Texts have a mark of their own, so that the text "1" is not the number.
            let key = value.string.map { "s" + $0 } ?? value.description
            if seen.insert(TextKey(key)).inserted { result.append(value) }
        }
        return result
    }
}
