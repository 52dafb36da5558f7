extension Dataset {
    /// Only these columns, in this order.
    public func selectColumns(_ names: [String]) throws -> Dataset {
        let indices = try names.map { try index(of: $0) }
        if let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw DatasetError("column '\(names[twice])' is chosen twice", remedy: "Name each column once.")
        }
        return Dataset(
            unchecked: try table.select(indices, as: names), Features(zip(names, indices.map { features.types[$0] })))
    }

    public func removeColumns(_ names: [String]) throws -> Dataset {
        for name in names { _ = try index(of: name) }
        return try selectColumns(columnNames.filter { !names.contains($0) })
    }

    public func removeColumns(_ names: String...) throws -> Dataset { try removeColumns(names) }

    public func renameColumn(_ name: String, to newName: String) throws -> Dataset {
        let index = try index(of: name)
        guard !newName.isEmpty else {
            throw DatasetError("column '\(name)' can't be renamed to nothing", remedy: "Give a name.")
        }
        guard newName == name || features[newName] == nil else {
            throw DatasetError(
                "column '\(name)' can't be renamed to '\(newName)', which there is already",
                remedy: "Remove or rename '\(newName)' first.")
        }
        var names = columnNames
        names[index] = newName
        return Dataset(
            unchecked: try table.select(Array(names.indices), as: names), Features(zip(names, features.types)))
    }

    public func addColumn(_ name: String, _ data: ColumnData, feature: Feature? = nil) throws -> Dataset {
        guard features[name] == nil else {
            throw DatasetError("there is a column '\(name)' already", remedy: "Remove it first, or choose another name.")
        }
        guard data.count == count || numColumns == 0 else {
            throw DatasetError(
                "column '\(name)' has \(data.count) rows, the dataset \(count)",
                remedy: "Give one value for every row.")
        }
        let column = try Dataset.fromColumns([(name, data)], features: feature.map { [name: $0] })
        if numColumns == 0 { return column }
        return Dataset(
            unchecked: try table.beside(column.table), Features(Array(features) + Array(column.features)))
    }

    /// The column converted to another type.
    ///
    /// - Throws: `DatasetError` that names the row where a value does not fit.
    public func castColumn(_ name: String, to feature: Feature) throws -> Dataset {
        let index = try index(of: name)
        let column = try table.column(index)
        let stored = column.type.feature
        var features = features
        features[name] = feature
        if stored == feature.storage {
            if case .classLabel(let names) = feature { try ClassLabels.check(column, names, name) }
            return Dataset(unchecked: table, features)
        }
        if case .value(let type) = feature, case .value(let from) = stored, from != "null" {
            return Dataset(unchecked: try table.cast(index, to: type), features)
        }
        let values = (0..<column.count).map { column.value($0) }
        let (array, _) = try ArrowBuilding.array(.values(values), named: name, as: feature)
        let made = try ArrowTable.make([(name, array)], rows: count)
        var order = Array(columnNames.indices)
        order[index] = columnNames.count
        return Dataset(unchecked: try table.beside(made).select(order, as: columnNames), features)
    }

    /// A column of text or numbers turned into a class label whose names are the distinct values, sorted as text.
    public func classEncodeColumn(_ name: String) throws -> Dataset {
        let index = try index(of: name)
        if case .classLabel = features.types[index] { return self }
        let values = try unique(name).filter { !$0.isNull }
        guard values.allSatisfy({ $0.int != nil || $0.string != nil || $0.bool != nil }) else {
            throw DatasetError.wrongType(name, features.types[index], wanted: "text, integers or booleans")
        }
        // Numbers are sorted as text too.
        let labels = values.map { $0.string ?? $0.description }
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        let column = try table.column(index)
        let texts = (0..<count).map { row -> Value in
            let value = column.value(row)
            return value.isNull || value.string != nil ? value : .string(value.description)
        }
        let encoded = try ArrowBuilding.array(.values(texts), named: name, as: .classLabel(names: labels))
        let made = try ArrowTable.make([(name, encoded.array)], rows: count)
        var order = Array(columnNames.indices)
        order[index] = columnNames.count
        var features = features
        features[name] = encoded.feature
        return Dataset(unchecked: try table.beside(made).select(order, as: columnNames), features)
    }

    /// The distinct values of a column in the order they first come.
    public func unique(_ name: String) throws -> [Value] {
        let column = try table.column(try index(of: name))
        var seen: Set<String> = []
        var result: [Value] = []
        for row in 0..<column.count {
            let value = column.value(row)
            // Two texts that only look the same are different: the key is the escaped bytes, not the characters.
            let key = value.string.map { "s" + $0.utf8.map { String($0, radix: 16) }.joined(separator: " ") } ?? value.description
            if seen.insert(key).inserted { result.append(value) }
        }
        return result
    }
}
