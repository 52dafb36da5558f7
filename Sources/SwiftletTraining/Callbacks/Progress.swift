/// A sequence that shows in a terminal how far a loop over it has come.
///
///     for batch in progress(loader) { ... }
///
/// - Parameter total: how many elements there are; by default what the sequence says, else there is only a count.
public func progress<Base: Sequence>(_ base: Base, total: Int? = nil, label: String = "") -> ProgressSequence<Base> {
    let known = base.underestimatedCount
    return ProgressSequence(base: base, total: total ?? (known > 0 ? known : nil), label: label)
}

/// What `progress` returns: the elements of a sequence, with a bar.
public struct ProgressSequence<Base: Sequence>: Sequence {
    let base: Base
    let total: Int?
    let label: String

    public var underestimatedCount: Int { base.underestimatedCount }

    /// Begins a pass with a bar of its own.
    public func makeIterator() -> Iterator {
        Iterator(base: base.makeIterator(), bar: ProgressBar(total: total, label: label))
    }

    /// One pass.
    public struct Iterator: IteratorProtocol {
        var base: Base.Iterator
        let bar: ProgressBar
        private var hasBegun = false

        init(base: Base.Iterator, bar: ProgressBar) {
            self.base = base
            self.bar = bar
        }

        /// The next element. The bar moves on by the one before it.
        public mutating func next() -> Base.Element? {
            // An element is done when the next one is asked for.
            if hasBegun { bar.update() }
            hasBegun = true
            let element = base.next()
            if element == nil { bar.finish() }
            return element
        }
    }
}
