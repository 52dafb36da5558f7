import SwiftletIO

extension Dataset {
    /// The stored rows with the columns of `wanted` in its order: converted where their features differ, without values
    /// where this has no such column. Each column is converted by itself and all are put together once, so that thousands
    /// take no longer than they must.
    ///
    /// - Throws: `DatasetError` that names column and row where a value does not fit.
    func converted(to wanted: Features) throws -> Dataset {
        guard wanted != features || !wanted.names.areSame(as: columnNames) else { return self }
        var provenance = self.provenance
        let rows = stored.rows
        var made: [ArrowTable] = []
        // Of each wanted column: its place in the stored table, or behind it among those that are made.
        var places: [Int] = []
        for (name, feature) in wanted {
            let place = features.keys.position(of: name)
            if let place, features.types[place] == feature {
                places.append(place)
                continue
            }
            places.append(stored.names.count + made.count)
            if let place {
                let column = Dataset(
                    unchecked: try stored.select([place], as: [name]), Features([(name, features.types[place])]),
                    provenance)
                let cast = try column.castColumn(name, to: feature)
                provenance = cast.provenance
                made.append(cast.stored)
            } else {
                let nulls = ColumnData.values(Array(repeating: .null, count: rows))
                made.append(try Dataset.fromColumns([(name, nulls)], features: [name: feature]).stored)
            }
        }
        let all = made.isEmpty ? stored : try stored.beside(try Self.sideBySide(made[...]))
        return Dataset(unchecked: try all.select(places, as: wanted.names), wanted, indices: indices, provenance)
            .formatted(as: self)
    }

    /// By halves: one after the other, each step would go over all columns before it.
    private static func sideBySide(_ tables: ArraySlice<ArrowTable>) throws -> ArrowTable {
        guard tables.count > 1 else { return tables[tables.startIndex] }
        let middle = tables.startIndex + tables.count / 2
        return try sideBySide(tables[..<middle]).beside(try sideBySide(tables[middle...]))
    }
}
