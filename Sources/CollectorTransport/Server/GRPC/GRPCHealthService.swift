import CollectorCore
import NIOCore

/// `grpc.health.v1.Health` in front of another service (grpc/doc/health-checking; conformance 26).
struct GRPCHealthService: GRPCService {
    private static let prefix = "/grpc.health.v1.Health/"
    private static let limits = CallLimits(bytes: 64 << 10)

    let health: GRPCHealth
    let next: any GRPCService

    func admit(_ head: GRPCCallHead) -> GRPCAdmission {
        guard head.path.hasPrefix(Self.prefix) else { return next.admit(head) }
        switch head.path.dropFirst(Self.prefix.count) {
        case "Check", "Watch": return .read(Self.limits)
        default: return .answer(.unknownMethod(head.path))
        }
    }

    func handle(_ call: GRPCCall, respond: GRPCResponder) {
        guard call.head.path.hasPrefix(Self.prefix) else { return next.handle(call, respond: respond) }
        guard let service = Self.service(in: call.message) else {
            return respond.answer(.failure(.permanent("the message is not a HealthCheckRequest")))
        }
        if call.head.path.hasSuffix("Watch") { return watch(service, respond) }
        guard let status = health.status(of: service) else {
            return respond.answer(.failure(.permanent("the service '\(service)' is unknown", code: .notFound)))
        }
        respond.answer(.success(Self.response(status)))
    }

    /// Sends the status now and at every change, until the client goes.
    private func watch(_ service: String, _ responder: GRPCResponder) {
        let id = health.watch(service) { responder.send(Self.response($0)) }
        responder.whenClosed { [health] in health.stopWatching(id) }
        responder.send(Self.response(health.status(of: service) ?? .serviceUnknown))
    }

    /// `HealthCheckResponse`: field 1, the status.
    private static func response(_ status: GRPCHealth.Status) -> ByteBuffer {
        ByteBuffer(bytes: [0x08, status.rawValue])
    }

    /// `HealthCheckRequest.service`, field 1; the last one counts, other fields of its kind are skipped.
    private static func service(in message: ByteBuffer) -> String? {
        var rest = message
        var service = ""
        while rest.readableBytes > 0 {
            guard let tag = readVarint(&rest), tag & 7 == 2, let length = readVarint(&rest),
                let bytes = rest.readSlice(length: Int(clamping: length)),
                let text = String(validating: bytes.readableBytesView, as: UTF8.self)
            else { return nil }
            if tag >> 3 == 1 { service = text }
        }
        return service
    }

    private static func readVarint(_ buffer: inout ByteBuffer) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = buffer.readInteger(as: UInt8.self) else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
