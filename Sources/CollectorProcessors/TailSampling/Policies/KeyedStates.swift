/// What a policy has learned of each key: at most one `State` for each number there can be.
struct KeyedStates<State: Sendable>: Sendable {
    /// Whose state stands at each index; nil for nobody's.
    private var ids: [TraceKeyID?] = []
    private var states: [State] = []

    /// What a key takes, in arrays that have grown to twice what they need; without what the state has allocated.
    static var bytesPerKey: Int { 2 * (MemoryLayout<State>.stride + MemoryLayout<TraceKeyID?>.stride) }

    /// What `body` says of the state of a key; nil when nothing was learned of it.
    @inline(__always)
    func read<Result>(_ id: TraceKeyID, _ body: (borrowing State) -> Result) -> Result? {
        guard id.index < ids.count, ids[id.index] == id else { return nil }
        return body(states[id.index])
    }

    /// Changes the state of a key, a new one when there is none. Leaves things alone when the key is forgotten and its
    /// position another one's.
    @inline(__always)
    mutating func update(_ id: TraceKeyID, new: @autoclosure () -> State, _ body: (inout State) -> Void) {
        if id.index >= ids.count { grow(to: id.index + 1, new()) }
        if ids[id.index] != id {
            if let known = ids[id.index], !id.isNewer(than: known) { return }
            ids[id.index] = id
            states[id.index] = new()
        }
        body(&states[id.index])
    }

    /// Changes all states there are.
    mutating func updateAll(_ body: (inout State) -> Void) {
        for index in states.indices where ids[index] != nil { body(&states[index]) }
    }

    /// Gives back what is known of keys.
    /// - Parameter empty: takes the place of their states.
    mutating func forget(_ forgotten: [TraceKeyID], leaving empty: State) {
        for id in forgotten where id.index < ids.count && ids[id.index] == id {
            ids[id.index] = nil
            states[id.index] = empty
        }
        while case .some(nil) = ids.last {
            ids.removeLast()
            states.removeLast()
        }
        ids.releaseSurplus()
        states.releaseSurplus()
    }

    private mutating func grow(to count: Int, _ filler: State) {
        ids.append(contentsOf: repeatElement(nil, count: count - ids.count))
        states.append(contentsOf: repeatElement(filler, count: count - states.count))
    }
}
