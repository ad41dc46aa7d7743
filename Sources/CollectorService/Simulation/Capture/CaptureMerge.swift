/// Several captures as one, by arrival time: those of several collectors, or of one that began a new file now and then.
final class CaptureMerge {
    private var files: [(file: CaptureFile, head: CapturedRequest?)] = []
    private let log: CaptureLog

    /// Captures that cannot be opened are reported and left out.
    init(paths: [String], log: CaptureLog) {
        self.log = log
        for path in paths {
            do {
                let file = try CaptureFile(path: path, log: log)
                files.append((file, file.next()))
            } catch {
                log.note { $0.unopened += 1 }
                log.note(error)
            }
        }
    }

    var counts: CaptureCounts { log.counts }

    /// Bytes read so far and in all, as they are stored; no total with standard input.
    var progress: (read: Int, total: Int?) {
        files.reduce((0, Optional(0))) { sum, entry in
            let (read, total) = entry.file.progress
            return (sum.0 + read, sum.1.flatMap { sum in total.map { sum + $0 } })
        }
    }

    /// The earliest request of all captures; of equal ones that of the first named.
    func next() -> CapturedRequest? {
        var earliest: (position: Int, time: UInt64)?
        for (position, entry) in files.enumerated() {
            guard let time = entry.head?.time else { continue }
            if let known = earliest, known.time <= time { continue }
            earliest = (position, time)
        }
        guard let position = earliest?.position else { return nil }
        let request = files[position].head
        files[position].head = files[position].file.next()
        return request
    }
}
