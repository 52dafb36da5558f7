/// What a thread remembers of words, and the buffers for those it meets for the first time.
final class FastWords {
    let memory = WordMemory()
    let merging = BPEMerging()
    let lattice = Unigram.Lattice()
    /// For texts that have to be written anew.
    var text: [UInt8] = []
    /// For words that are looked up in another form.
    var written: [UInt8] = []
    /// Ids of the word that is being cut.
    var ids = IDBuffer(capacity: 64)

    deinit {
        ids.deallocate()
        memory.deallocate()
    }
}
