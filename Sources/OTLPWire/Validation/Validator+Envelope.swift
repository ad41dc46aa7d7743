// The two levels above the items are alike in all signals:
//
//     Export…ServiceRequest { repeated Resource… = 1 }
//     Resource…             { Resource = 1;             repeated Scope… = 2; string schema_url = 3 }
//     Scope…                { InstrumentationScope = 1; repeated item   = 2; string schema_url = 3 }

/// What a walk collects about groups and items; one conformer per signal.
protocol ItemIndexer {
    static var requestShape: MessageShape { get }
    static var resourceShape: MessageShape { get }
    static var scopeShape: MessageShape { get }
    var groups: Groups { get set }
    /// The number of items kept so far; a group that adds none is left out of the index.
    var itemCount: Int { get }

    /// Validates the item from `validator.at` to `end` and adds it to the index.
    mutating func item(_ validator: inout Validator, _ end: Int) throws(WireError)
}

/// The envelopes that hold items.
struct Groups {
    var resources: [GroupEntry] = []
    var scopes: [GroupEntry] = []
    /// Whether groups without items were left out.
    var leftOut = false

    /// The scope that items are being added to.
    var currentScope: UInt32 { UInt32(truncatingIfNeeded: scopes.count &- 1) }
}

/// The tag of an envelope's children: field 2, length-delimited.
private let childTag: UInt32 = 2 << 3 | 2

extension Validator {
    /// Walks a whole request.
    @_lifetime(self: copy self)
    mutating func request<Indexer: ItemIndexer>(_ indexer: inout Indexer) throws(WireError) {
        let end = bytes.count
        var seen: UInt32 = 0
        while at < end {
            let tag = try tag(end, Indexer.requestShape)
            guard tag.raw == 1 << 3 | 2 else {
                try value(tag, Indexer.requestShape, end, 0, &seen)
                continue
            }
            let groupEnd = try payloadEnd(end, Indexer.requestShape, 1)
            let position = indexer.groups.resources.count
            let scopesBefore = indexer.groups.scopes.count
            indexer.groups.resources.append(GroupEntry(head: .empty, tail: .empty, parent: 0))
            let group = try resourceGroup(&indexer, groupEnd)
            if indexer.groups.scopes.count == scopesBefore {
                indexer.groups.resources.removeLast()
                indexer.groups.leftOut = true
            } else {
                indexer.groups.resources[position] = group
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func resourceGroup<Indexer: ItemIndexer>(
        _ indexer: inout Indexer, _ end: Int
    ) throws(WireError) -> GroupEntry {
        let parent = UInt32(truncatingIfNeeded: indexer.groups.resources.count &- 1)
        var bounds = GroupBounds(start: at, parent: parent)
        var seen: UInt32 = 0
        while at < end {
            let tag = try tag(end, Indexer.resourceShape)
            guard tag.raw == childTag else {
                if bounds.isOutOfOrder(tag) { needsCanonicalForm = true }
                try value(tag, Indexer.resourceShape, end, 1, &seen)
                continue
            }
            let childEnd = try payloadEnd(end, Indexer.resourceShape, 2)
            if bounds.child(at: tag.start, until: childEnd) { needsCanonicalForm = true }
            let position = indexer.groups.scopes.count
            let itemsBefore = indexer.itemCount
            indexer.groups.scopes.append(GroupEntry(head: .empty, tail: .empty, parent: parent))
            let group = try scopeGroup(&indexer, childEnd, parent: parent)
            if indexer.itemCount == itemsBefore {
                indexer.groups.scopes.removeLast()
                indexer.groups.leftOut = true
            } else {
                indexer.groups.scopes[position] = group
            }
        }
        return bounds.entry(end: end)
    }

    @_lifetime(self: copy self)
    private mutating func scopeGroup<Indexer: ItemIndexer>(
        _ indexer: inout Indexer, _ end: Int, parent: UInt32
    ) throws(WireError) -> GroupEntry {
        var bounds = GroupBounds(start: at, parent: parent)
        var seen: UInt32 = 0
        while at < end {
            let tag = try tag(end, Indexer.scopeShape)
            guard tag.raw == childTag else {
                if bounds.isOutOfOrder(tag) { needsCanonicalForm = true }
                try value(tag, Indexer.scopeShape, end, 2, &seen)
                continue
            }
            let itemEnd = try payloadEnd(end, Indexer.scopeShape, 2)
            if bounds.child(at: tag.start, until: itemEnd) { needsCanonicalForm = true }
            try indexer.item(&self, itemEnd)
        }
        return bounds.entry(end: end)
    }
}

/// How many messages are around an item (request, resource and scope envelope).
let itemDepth = 3

/// Finds the head and the tail of a group while its fields pass by.
private struct GroupBounds {
    private let start: Int
    private let parent: UInt32
    private var firstChild = -1
    private var lastChildEnd = -1

    init(start: Int, parent: UInt32) {
        self.start = start
        self.parent = parent
    }

    /// Notes a child; true when fields stand between it and the child before.
    mutating func child(at position: Int, until end: Int) -> Bool {
        let isApart = firstChild >= 0 && position != lastChildEnd
        if firstChild < 0 { firstChild = position }
        lastChildEnd = end
        return isApart
    }

    /// Whether a field is the resource or scope and follows children.
    func isOutOfOrder(_ tag: Validator.Tag) -> Bool { tag.field == 1 && firstChild >= 0 }

    func entry(end: Int) -> GroupEntry {
        guard firstChild >= 0 else {
            return GroupEntry(head: ByteRange(start, end), tail: ByteRange(end, end), parent: parent)
        }
        return GroupEntry(head: ByteRange(start, firstChild), tail: ByteRange(lastChildEnd, end), parent: parent)
    }
}
