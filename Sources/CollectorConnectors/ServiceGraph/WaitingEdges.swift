// Halves of edges that wait for the other one, in the order of their deadlines, which is the order they came in: all
// wait for the same time.
//
// Several halves of one side may come under one key: the consumers of a message, or what a client that tried again with
// the same id has called. They queue up instead of replacing each other, so that each leaves as part of an edge or when
// its time is over, and nothing has to be counted at any other place:
//
//     client and server       the first that waits pairs, and is gone: a request has one of each
//     producer and consumer   all that wait pair with a producer that comes, and it stays until its own time is over
//                             for those that come later
//
// A producer that stays has been told already: it is given up without a word, and at once when another half needs its
// room.

/// Pairs the two sides of requests across export requests.
struct WaitingEdges: Sendable {
    /// The first half of each key.
    private var edges: [EdgeKey: Edge] = [:]
    /// Those of the same side that came after it.
    private var further: [EdgeKey: ArrayQueue<Edge>] = [:]
    private var furtherCount = 0
    /// Halves in the order they came. Those that wait no more stay for a while, but never outnumber the others by more
    /// than `slack`.
    private var order = ArrayQueue<(ticket: Ticket, deadline: UInt64)>()
    /// Producers that have been paired, in the order they were, with some that are gone.
    private var paired = ArrayQueue<Ticket>()
    private var pairedCount = 0
    private var lastNumber: UInt64 = 0
    private let limit: Int
    private let room: SeriesRoom

    /// One half: a key may have had others before, but numbers only rise.
    private struct Ticket {
        var key: EdgeKey
        var number: UInt64
    }

    init(limit: Int, room: SeriesRoom) {
        self.limit = limit
        self.room = room
    }

    /// Halves that have found no other one yet.
    var count: Int { keptCount - pairedCount }
    /// The tickets that are kept, with those of halves that wait no more.
    var ticketCount: Int { order.count }

    private var keptCount: Int { edges.count + furtherCount }

    enum Outcome {
        /// Both sides are known now; more edges are those of a producer with several consumers.
        case complete(Edge, more: [Edge])
        case waits
        /// There is no room for another half.
        case full
    }

    /// Takes in one half.
    mutating func add(_ half: Edge, _ key: EdgeKey, deadline: UInt64) -> Outcome {
        guard let first = edges[key], (first.client == nil) != (half.client == nil) else {
            return wait(half, key, deadline) ? .waits : .full
        }
        let edge = first.joined(with: half)
        if edge.type != .messaging {
            removeFirst(key, first)
        } else if first.client != nil {
            if !first.isPaired { keep(Ticket(key: key, number: first.number)) }
        } else {
            removeFirst(key, first)
            var more: [Edge] = []
            while let next = edges[key] {
                removeFirst(key, next)
                more.append(next.joined(with: half))
            }
            // Without room it is gone: it has been told.
            if wait(half, key, deadline) { keep(Ticket(key: key, number: lastNumber)) }
            return .complete(edge, more: more)
        }
        return .complete(edge, more: [])
    }

    /// The next half whose time is over, which waits no more; nil when there is none.
    mutating func nextExpired(now: UInt64) -> Edge? {
        while let (ticket, deadline) = order.first, deadline <= now {
            order.popFirst()
            guard let half = edges[ticket.key], half.number == ticket.number else { continue }
            removeFirst(ticket.key, half)
            if !half.isPaired { return half }
        }
        while let ticket = paired.first, edges[ticket.key]?.number != ticket.number { paired.popFirst() }
        return nil
    }

    private static let slack = 1024

    private mutating func wait(_ half: Edge, _ key: EdgeKey, _ deadline: UInt64) -> Bool {
        var half = half
        half.bytes = half.size
        while keptCount >= limit || !room.take(half.bytes) {
            guard forgetPaired() else { return false }
        }
        lastNumber &+= 1
        half.number = lastNumber
        if edges[key] == nil {
            edges[key] = half
        } else {
            further[key, default: ArrayQueue(slack: 4)].append(half)
            furtherCount += 1
        }
        if order.count >= 2 * keptCount + Self.slack { compact() }
        order.append((Ticket(key: key, number: half.number), deadline))
        return true
    }

    /// Marks a producer, the first of its key, as paired.
    private mutating func keep(_ ticket: Ticket) {
        edges[ticket.key].mutate { $0.isPaired = true }
        pairedCount += 1
        paired.append(ticket)
    }

    /// Gives up the producer that was paired longest ago; false when there is none.
    private mutating func forgetPaired() -> Bool {
        while let ticket = paired.popFirst() {
            guard let half = edges[ticket.key], half.number == ticket.number else { continue }
            removeFirst(ticket.key, half)
            return true
        }
        return false
    }

    /// Removes a key's first half, and the next one takes its place.
    private mutating func removeFirst(_ key: EdgeKey, _ half: Edge) {
        room.giveBack(half.bytes)
        if half.isPaired { pairedCount -= 1 }
        guard furtherCount > 0, let next = further[key]?.popFirst() else {
            edges[key] = nil
            return
        }
        edges[key] = next
        furtherCount -= 1
        if further[key]?.isEmpty == true { further[key] = nil }
    }

    /// Forgets the tickets of halves that wait no more: they had lower numbers than the first half of their key.
    private mutating func compact() {
        order.filter { entry in edges[entry.ticket.key].map { $0.number <= entry.ticket.number } ?? false }
    }
}
