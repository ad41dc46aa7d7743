import CollectorCore
import CollectorService
import Glibc

/// What a running simulation shows on standard error: the first problems of its captures, and, when that is a terminal
/// and the simulation takes more than a second, a progress bar.
final class SimulationScreen {
    private static let shownProblems = 20
    private static let barWidth = 24
    private static let pause = Duration.milliseconds(200)

    private let begin = ContinuousClock.now
    private var nextUpdate = ContinuousClock.now + .seconds(1)
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var hasBar = false
    private var problems = 0

    func show(_ problem: CaptureProblem) {
        problems += 1
        guard problems <= Self.shownProblems else { return }
        clear()
        Log.writeToStandardError("\(problem)\n")
    }

    func show(_ progress: SimulationProgress) {
        guard isTerminal else { return }
        let now = ContinuousClock.now
        guard now >= nextUpdate else { return }
        nextUpdate = now + Self.pause
        hasBar = true
        Log.writeToStandardError("\r" + line(progress, after: now - begin) + "\u{1B}[K")
    }

    func finish() {
        clear()
        if problems > Self.shownProblems {
            Log.writeToStandardError("and \(problems - Self.shownProblems) more problems like these\n")
        }
    }

    private func clear() {
        if hasBar { Log.writeToStandardError("\r\u{1B}[K") }
        hasBar = false
    }

    /// `[=====>      ]  41%  1.2 of 2.9 GB  2026-01-02T03:04:05Z  310000 spans/s`
    private func line(_ progress: SimulationProgress, after elapsed: Duration) -> String {
        var text = ""
        if let total = progress.totalBytes, total > 0 {
            let share = min(1, Double(progress.readBytes) / Double(total))
            let done = Int(share * Double(Self.barWidth))
            let bar = String(repeating: "=", count: done) + ">" + String(repeating: " ", count: Self.barWidth - done)
            text = "[\(bar)] \(Int(share * 100))%  \(megabytes(progress.readBytes)) of \(megabytes(total)) MB"
        } else {
            text = "\(megabytes(progress.readBytes)) MB"
        }
        let seconds = Double(elapsed.nanoseconds) / 1e9
        let speed = seconds > 0 ? Int(Double(progress.spans) / seconds) : 0
        return text + "  \(rfc3339(progress.virtualTime))  \(speed) spans/s"
    }

    private func megabytes(_ bytes: Int) -> String { decimal(Double(bytes) / 1e6, digits: 1) }
}
