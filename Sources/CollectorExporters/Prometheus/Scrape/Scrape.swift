import CollectorTransport

/// One scrape under way: renders the exposition piece by piece, each family's lock held for a few series at a time.
struct Scrape: ~Copyable {
    private enum Stage {
        case target([ResourceRecord], TargetFamily)
        case family(Int)
        case end
        case over
    }

    private let store: MetricStore
    /// Sorted by name, in byte order.
    private let entries: [CatalogueEntry]
    /// The family under way; nil in front of it.
    private var rendering: FamilyRendering?
    private var request: ScrapeRequest
    private var writer: ExpositionWriter
    private var stage: Stage

    init(_ request: ScrapeRequest, _ store: MetricStore, compresses: Bool) {
        self.store = store
        self.request = request
        writer = ExpositionWriter(compresses: compresses)
        let (families, resources, target) = store.catalogue.withLock { ($0.entries, $0.resources, $0.target) }
        entries = families.sorted { precedes($0.family.name, $1.family.name) }
        let cutoff = store.lastCutoff(request.now)
        stage = .target(resources.values.filter { $0.isShown(after: cutoff) }, target)
    }

    /// False although it was asked for when zlib could not get its memory.
    var compresses: Bool { writer.compresses }

    /// The memory of the pieces on their way, roughly.
    var heldBytes: Int { writer.heldBytes }

    /// Goes on to the next piece. Takes a fraction of a millisecond, with compression a few of them: call it on a worker
    /// thread.
    mutating func next() -> HTTPBodyPiece {
        while true {
            while !writer.isFull, !isOver { renderSome() }
            if isOver {
                let rest = writer.finish()
                return writer.hasFailed ? .failed : .end(rest)
            }
            let piece = writer.takePiece()
            if writer.hasFailed { return .failed }
            if let piece { return .part(piece) }
        }
    }

    private var isOver: Bool {
        if case .over = stage { true } else { false }
    }

    private mutating func renderSome() {
        switch stage {
        case .target(let resources, let target):
            let choice = TargetChoice(resources)
            store.tools.conflicts.target.add(choice.countLeftOut())
            target.render(choice.shown, request.format, into: &writer)
            stage = .family(0)
        case .family(let position) where position < entries.count:
            let isUnfinished = renderSome(of: entries[position])
            if !isUnfinished { stage = .family(position + 1) }
        case .family:
            stage = .end
        case .end:
            store.report?.render(request.format, into: &writer)
            if request.isOpenMetrics { writer.append(Array("# EOF\n" as StaticString)) }
            stage = .over
        case .over:
            break
        }
    }

    /// Renders a few series; false when the family has no more.
    private mutating func renderSome(of entry: CatalogueEntry) -> Bool {
        let family = entry.family
        let conflicts = store.tools.conflicts
        guard !entry.hiddenIn.contains(request.format.index) else {
            conflicts.hiddenSeries.add(family.streamCount)
            return false
        }
        var current = rendering.take() ?? begin(family)
        let isUnfinished = family.state.withLock { $0.render(&current, request, into: &writer) }
        conflicts.escapedSeries.add(current.conflicts.series)
        conflicts.label.add(current.conflicts.labels)
        current.conflicts = EscapingConflicts()
        conflicts.hiddenSample.add(current.hiddenSamples)
        current.hiddenSamples = 0
        if isUnfinished {
            rendering = current
        } else if request.format.format == .protobuf {
            writer.endFamily(current.text.metadata)
        }
        return isUnfinished
    }

    private mutating func begin(_ family: MetricFamily) -> FamilyRendering {
        request.cutoff = family.cutoff(request.now)
        return FamilyRendering(text: family.texts[request.format])
    }
}
