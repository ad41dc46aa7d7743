import CollectorCore
import NIOCore
import OTLPWire

/// How an export call ends.
enum ExportOutcome: Sendable {
    case success(refused: Refusal?)
    case failure(DeliveryError)
}

/// Takes the bodies of one receiver's export calls into the pipelines and keeps its books.
///
/// Small protobuf bodies go through on the calling event loop, down to the exporter's queue; JSON and bodies over 1 MiB
/// are decoded on a worker thread.
final class ExportHandler: Sendable {
    private static let largestInline = 1 << 20

    private let decoder: RequestDecoder
    private let pipelines: [Signal: Pipeline]
    private let workers: any WorkerPool

    /// One signal's way in.
    private struct Pipeline: Sendable {
        var head: any Consumer
        var account: Account
        var accepted: [OTLPTransport: Counter] = [:]
        var refused: [OTLPTransport: Counter] = [:]
        var failed: [OTLPTransport: Counter] = [:]
    }

    init(_ context: ComponentContext, maximumBytes: Int, next: [Signal: any Consumer]) {
        decoder = RequestDecoder(maximumBytes: maximumBytes)
        workers = context.workers
        pipelines = next.reduce(into: [:]) { pipelines, entry in
            let (signal, head) = entry
            let account = context.ledger.open(signal: signal, branch: "receiver \(context.id)")
            var pipeline = Pipeline(head: head, account: account)
            for transport in OTLPTransport.allCases {
                func counter(_ verb: String, _ help: String) -> Counter {
                    context.telemetry.counter(
                        "otelcol_receiver_\(verb)_\(signal.itemName)", help,
                        [("receiver", "\(context.id)"), ("transport", transport.rawValue)])
                }
                pipeline.accepted[transport] = counter("accepted", "Items taken into the pipeline.")
                pipeline.refused[transport] = counter("refused", "Items that could not be taken into the pipeline.")
                pipeline.failed[transport] = counter("failed", "Items that the receiver itself could not take.")
            }
            pipelines[signal] = pipeline
        }
    }

    var signals: Set<Signal> { Set(pipelines.keys) }

    /// Takes one request's body; `done` is called once, on this or another thread.
    func export(
        _ body: ByteBuffer, _ signal: Signal, _ encoding: RequestEncoding, _ transport: OTLPTransport,
        gzipped: ByteBuffer?, reservation: ByteReservation?, done: @escaping @Sendable (ExportOutcome) -> Void
    ) {
        if encoding == .protobuf, body.readableBytes <= Self.largestInline {
            take(body, signal, encoding, transport, gzipped, reservation, done)
        } else {
            workers.run { self.take(body, signal, encoding, transport, gzipped, reservation, done) }
        }
    }

    private func take(
        _ body: ByteBuffer, _ signal: Signal, _ encoding: RequestEncoding, _ transport: OTLPTransport,
        _ gzipped: ByteBuffer?, _ reservation: ByteReservation?, _ done: @escaping @Sendable (ExportOutcome) -> Void
    ) {
        guard let pipeline = pipelines[signal] else {
            done(.failure(.permanent("no pipeline takes \(signal.rawValue) from this receiver", code: .unimplemented)))
            return
        }
        let request: DecodedRequest
        do {
            request = try decoder.decode(
                body, signal: signal, encoding: encoding, gzipped: gzipped, reservation: reservation)
        } catch {
            done(.failure(error))
            return
        }
        let invalid = request.refused?.count ?? 0
        pipeline.account.received.add(invalid)
        pipeline.account.refused.add(invalid)
        pipeline.failed[transport]?.add(invalid)
        guard let segment = request.segment else {
            done(.success(refused: request.refused))
            return
        }
        let batch = Batch(signal: signal, segments: [segment])
        let finish: @Sendable (Completion.Outcome) -> Void = { outcome in
            switch outcome {
            case .success(let refused):
                // Several pipelines may each have refused the same items.
                let refusedDownstream = min(refused?.count ?? 0, batch.itemCount)
                pipeline.account.refused.add(refusedDownstream)
                pipeline.account.forwarded.add(batch.itemCount - refusedDownstream)
                pipeline.accepted[transport]?.add(batch.itemCount - refusedDownstream)
                pipeline.refused[transport]?.add(refusedDownstream)
                done(.success(refused: Refusal.joined(request.refused, refused)))
            case .failure(let error):
                pipeline.account.refused.add(batch.itemCount)
                pipeline.refused[transport]?.add(batch.itemCount)
                done(.failure(error))
            }
        }
        pipeline.account.received.add(batch.itemCount)
        do {
            pipeline.account.settle(try pipeline.head.consume(batch), holding: batch.itemCount, finish)
        } catch {
            finish(.failure(error))
        }
    }
}

/// The protocols a receiver speaks, as named in metric labels.
enum OTLPTransport: String, Sendable, CaseIterable {
    case grpc, http
}
