import CollectorTransport
import Synchronization

/// A scrape whose pieces are rendered as the client takes them.
final class ScrapeSource: HTTPBodySource {
    private let scrape: Mutex<Scrape>
    private let lease: ScrapeLease?

    init(_ scrape: consuming sending Scrape, _ lease: ScrapeLease?) {
        self.scrape = Mutex(scrape)
        self.lease = lease
    }

    func next() -> HTTPBodyPiece {
        lease?.work()
        return scrape.withLock { scrape in
            let piece = scrape.next()
            return lease?.rest(holding: scrape.heldBytes) == false ? .failed : piece
        }
    }
}
