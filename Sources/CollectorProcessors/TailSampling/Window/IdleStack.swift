/// Pieces of memory that are empty now. The last one freed is used first; pieces that were not needed between two looks
/// are what a burst left behind and may go back to the system.
struct IdleStack {
    private var pieces: [Int] = []
    /// The least number of pieces since the last `takeUnneeded`.
    private var low = 0

    var last: Int? { pieces.last }

    mutating func push(_ piece: Int) { pieces.append(piece) }

    mutating func pop() -> Int? {
        defer { low = min(low, pieces.count) }
        return pieces.popLast()
    }

    /// Takes out all pieces that `isTaken` names.
    mutating func remove(where isTaken: (Int) -> Bool) {
        pieces.removeAll(where: isTaken)
        low = min(low, pieces.count)
    }

    /// Takes the pieces that were idle since the last call, except for `keeping` of them.
    mutating func takeUnneeded(keeping: Int) -> ArraySlice<Int> {
        let count = max(0, min(low, pieces.count) - keeping)
        let taken = pieces.prefix(count)
        pieces.removeFirst(count)
        low = pieces.count
        return taken
    }
}
