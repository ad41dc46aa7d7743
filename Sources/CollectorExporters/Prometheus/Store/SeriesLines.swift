/// The lines of one series under way.
struct SeriesLines {
    let text: FamilyText
    let labels: [UInt8]
    /// When what is shown began to count, and the time of the newest stream.
    let time: StreamTime
    let request: ScrapeRequest

    /// What follows a sample's value.
    func endSample(_ writer: inout ExpositionWriter, exemplar: () -> ShownExemplar? = { nil }) {
        if request.sendsTimestamps, time.time > 0 { writer.timestamp(time.time, request.format.format) }
        if request.isOpenMetrics, let exemplar = exemplar() { writer.append(exemplar.text) }
        writer.endLine()
    }

    /// When what is shown began to count (conformance 144).
    func created(_ writer: inout ExpositionWriter) {
        guard request.showsCreated, request.isOpenMetrics, time.start > 0, text.isCounter || text.hasParts else {
            return
        }
        writer.start(text.created, labels)
        writer.seconds(time.start)
        if request.sendsTimestamps, time.time > 0 { writer.timestamp(time.time, .openMetrics) }
        writer.endLine()
    }
}
