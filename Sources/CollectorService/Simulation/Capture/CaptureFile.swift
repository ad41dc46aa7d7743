import CollectorCore

/// The trace requests of one capture with their arrival times, one at a time; one more is read ahead.
final class CaptureFile {
    private let bytes: CaptureBytes
    private let framing: CaptureFraming
    private let log: CaptureLog
    private var times = ArrivalTime()
    private var ahead: CapturedRequest?
    private var hasBegun = false

    init(path: String, log: CaptureLog) throws(CaptureProblem) {
        bytes = try CaptureBytes(path: path)
        framing = CaptureFraming(bytes)
        self.log = log
        log.note { $0.files += 1 }
    }

    /// Bytes read so far and in all, as they are stored.
    var progress: (read: Int, total: Int?) { (bytes.storedCount, bytes.storedSize) }

    /// The next request with spans; its `time` is when it arrives. Nil at the end.
    func next() -> CapturedRequest? {
        if !hasBegun { ahead = read() }
        hasBegun = true
        guard var request = ahead else { return nil }
        ahead = read()
        request.time = times.arrival(at: request.time, next: ahead?.time)
        return request
    }

    private func read() -> CapturedRequest? {
        while true {
            var line = 0
            do {
                guard let item = try framing.next() else { return nil }
                line = item.line
                switch item.namedSignal {
                case .metrics: log.note { $0.metricsRequests += 1 }
                case .logs: log.note { $0.logsRequests += 1 }
                case .traces, nil:
                    let request = try CapturedRequest(item)
                    guard request.batch.itemCount > 0 else { continue }
                    log.note {
                        $0.requests += 1
                        $0.refusedSpans += request.refusedSpans
                    }
                    return request
                }
            } catch let problem as CaptureProblem {
                log.note(problem)
            } catch let mistake as CaptureMistake {
                log.note(CaptureProblem(file: bytes.name, line: line, mistake.message))
            } catch {
                log.note(CaptureProblem(file: bytes.name, line: line, "\(error)"))
            }
        }
    }
}
