/// How the timeout of a group is shared out, so that an error which names who is missing is thrown inside of it.
struct TimeoutShares: Equatable {
    let whole: Duration
    /// To find out who of the others is missing, and to let them look: a quarter of the whole, but at least 3 s and at
    /// most 15 s, and 40 ms more for each rank that has to be asked. Never more than half.
    let search: Duration
    /// To ask a last time who has not come.
    let lastLook: Duration

    init(_ whole: Duration, size: Int) {
        self.whole = whole
        search = min(min(max(whole / 4, .seconds(3)), .seconds(15)) + .milliseconds(40 * size), whole / 2)
        lastLook = min(whole / 10, .seconds(2))
    }

    /// What an operation waits for the other ranks.
    var operation: Duration { whole - search }
}
