import CollectorCore
import CollectorTransport
import NIOCore

/// Answers the three Export services (conformance 1 to 15).
struct OTLPGRPCService: GRPCService {
    let limits: CallLimits
    let handler: ExportHandler

    /// The full names of the services, for health checks.
    static let serviceNames = Signal.allCases.map(\.exportService)

    func admit(_ head: GRPCCallHead) -> GRPCAdmission {
        signal(head.path) == nil ? .answer(.unknownMethod(head.path)) : .read(limits)
    }

    func handle(_ call: GRPCCall, respond: GRPCResponder) {
        guard let signal = signal(call.head.path) else { return }
        handler.export(
            call.message, signal, .protobuf, .grpc, gzipped: call.gzipped, reservation: call.reservation
        ) { outcome in
            switch outcome {
            case .success(let refused):
                respond.answer(.success(ExportAnswer.response(signal, refused: refused, .protobuf)))
            case .failure(let error):
                respond.answer(.failure(error))
            }
        }
    }

    private func signal(_ path: String) -> Signal? {
        Self.methods[path]
    }

    private static let methods = Dictionary(
        uniqueKeysWithValues: Signal.allCases.map { ("/\($0.exportService)/Export", $0) })
}
