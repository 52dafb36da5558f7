/// The name that was most likely meant by a mistyped one; `nil` where none is near.
///
/// - Parameters:
///   - name: as it was typed. Case, `-` and `_` make no difference.
///   - names: those that there are.
package func nearestName(to name: String, among names: [String]) -> String? {
    func plain(_ text: String) -> [UInt8] {
        text.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
    }
    let wanted = plain(name)
    guard !wanted.isEmpty, wanted.count <= 256 else { return nil }
    var best: (name: String, distance: Int)?
    // A third of the letters may be wrong; more is another word.
    let limit = max(wanted.count / 3, 1)
    for candidate in names {
        let letters = plain(candidate)
        guard abs(letters.count - wanted.count) <= limit else { continue }
        let distance = editDistance(wanted, letters)
        if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    // What was begun but not finished.
    let begun = wanted.count >= 4 ? names.filter { plain($0).starts(with: wanted) } : []
    return best?.name ?? begun.min { $0.count < $1.count }
}

/// Insertions, deletions, exchanges and swaps of neighbours that turn one text into another (optimal string alignment).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var (beforeLast, last) = ([Int](), Array(0...b.count))
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
            row.append(cost)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
