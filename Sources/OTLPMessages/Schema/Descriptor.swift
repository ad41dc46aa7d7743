import COTLP
import CProtobufC

/// A libprotobuf-c message descriptor: a constant of the generated C, alive and unchanged as long as the process.
@safe
struct Descriptor: @unchecked Sendable {
    let pointer: UnsafePointer<ProtobufCMessageDescriptor>

    init(_ pointer: UnsafePointer<ProtobufCMessageDescriptor>) {
        unsafe self.pointer = unsafe pointer
    }

    init(of kind: MessageKind) {
        // The C functions return addresses of constants, never NULL.
        switch kind {
        case .tracesRequest: unsafe self.init(cotlp_traces_request())
        case .metricsRequest: unsafe self.init(cotlp_metrics_request())
        case .logsRequest: unsafe self.init(cotlp_logs_request())
        case .tracesResponse: unsafe self.init(cotlp_traces_response())
        case .metricsResponse: unsafe self.init(cotlp_metrics_response())
        case .logsResponse: unsafe self.init(cotlp_logs_response())
        case .rpcStatus: unsafe self.init(cotlp_rpc_status())
        case .badRequest: unsafe self.init(cotlp_bad_request())
        case .retryInfo: unsafe self.init(cotlp_retry_info())
        case .healthRequest: unsafe self.init(cotlp_health_request())
        case .healthResponse: unsafe self.init(cotlp_health_response())
        }
    }

    /// Full name, such as `opentelemetry.proto.trace.v1.Span`.
    // The generated names are constant C strings.
    var name: String { unsafe String(cString: pointer.pointee.name) }

    /// The field descriptors, ascending by number.
    var fields: UnsafeBufferPointer<ProtobufCFieldDescriptor> {
        // The generated array has exactly n_fields elements.
        unsafe UnsafeBufferPointer(start: pointer.pointee.fields, count: Int(pointer.pointee.n_fields))
    }
}
