import NIOCore

extension MetricStore {
    /// The whole exposition. Takes milliseconds for many series: call it on a worker thread.
    ///
    /// - Returns: nil when it was to be compressed and zlib could not get its memory.
    func exposition(_ request: ScrapeRequest, compresses: Bool) -> ByteBuffer? {
        var writer = ExpositionWriter(expectedSize: scrapeSize.load(ordering: .relaxed), compresses: compresses)
        let (entries, resources, target) = catalogue.withLock { catalogue in
            (catalogue.entries, catalogue.shownResources(after: lastCutoff(request.now)), catalogue.target)
        }
        target.render(resources, request.format, into: &writer)
        for entry in entries where !entry.hiddenIn.contains(request.format.index) {
            entry.family.render(request, labelsMayMeet: labelsMayMeet(request.format.escaping), into: &writer)
        }
        report?.render(request.format, into: &writer)
        if request.isOpenMetrics { writer.append(Array("# EOF\n" as StaticString)) }
        let (body, size) = writer.finish()
        // A little more than this time, so that a few new series do not make the buffer grow.
        scrapeSize.store(size + size / 16, ordering: .relaxed)
        return body
    }

    /// Whether escaping can make different labels equal.
    private func labelsMayMeet(_ escaping: EscapingScheme) -> Bool {
        namer.strategy.keepsUTF8 && escaping != .allowUTF8
    }
}

extension MetricFamily {
    /// Renders the series, letting others in between.
    fileprivate func render(_ request: ScrapeRequest, labelsMayMeet: Bool, into writer: inout ExpositionWriter) {
        var request = request
        request.cutoff = cutoff(request.now)
        let text = texts[request.format.index]
        var rendering = FamilyRendering(text: text)
        if labelsMayMeet { rendering.shownLabels = [] }
        var isUnfinished = true
        while isUnfinished {
            isUnfinished = state.withLock { $0.render(&rendering, request, into: &writer) }
        }
        if request.format.format == .protobuf { writer.endFamily(text.metadata) }
    }
}
