import CollectorCore

/// The trace requests of one capture with their arrival times, one at a time; a few more are read ahead, since they tell
/// whose clock to believe.
final class CaptureFile {
    /// Bytes read ahead, about: enough for many requests of the usual size, and not much of a process's memory.
    private static let bytesAhead = 16 << 20

    private let bytes: CaptureBytes
    private let framing: CaptureFraming
    private let log: CaptureLog
    private var times = ArrivalTime()
    private var ahead: [CapturedRequest] = []
    private var sizeAhead = 0
    private var isAtEnd = false

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
        readAhead()
        guard !ahead.isEmpty else { return nil }
        var request = ahead.removeFirst()
        sizeAhead -= request.batch.byteCount
        request.time = times.arrival(of: request.ends, followers: ahead.lazy.map(\.ends))
        log.note {
            if request.ends.isAhead(of: request.time) { $0.requestsAhead += 1 }
            if request.ends.isBehind(request.time) { $0.requestsBehind += 1 }
        }
        return request
    }

    private func readAhead() {
        while !isAtEnd, ahead.count <= ArrivalTime.lookAhead,
            sizeAhead < Self.bytesAhead || ahead.count <= ArrivalTime.leastConfirming
        {
            guard let request = read() else {
                isAtEnd = true
                return
            }
            sizeAhead += request.batch.byteCount
            ahead.append(request)
        }
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
