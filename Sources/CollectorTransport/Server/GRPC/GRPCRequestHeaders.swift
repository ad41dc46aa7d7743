import NIOCore
import NIOHPACK

/// What a server needs of a call's headers, gathered in one pass.
struct GRPCRequestHeaders {
    var path = ""
    var isPost = false
    var isGRPC = false
    var encoding: String?
    var timeout: Duration?
    var isTimeoutMalformed = false
    /// The size of the list as HTTP/2 counts it: names, values and 32 per header.
    var listSize = 0

    init(_ headers: HPACKHeaders) {
        for (name, value, _) in headers {
            listSize += name.utf8.count + value.utf8.count + 32
            switch name {
            case ":path": path = value
            case ":method": isPost = value == "POST"
            case "content-type": isGRPC = Self.isGRPC(contentType: value)
            case "grpc-encoding": encoding = value
            case "grpc-timeout":
                timeout = GRPCTimeout.parse(value)
                isTimeoutMalformed = timeout == nil
            default: break
            }
        }
    }

    /// `application/grpc`, with or without a suffix or parameters (conformance 16, 17).
    private static func isGRPC(contentType: String) -> Bool {
        let prefix = "application/grpc"
        let bytes = contentType.utf8
        guard bytes.starts(with: prefix.utf8) else { return false }
        let next = bytes.dropFirst(prefix.utf8.count).first
        return next == nil || next == UInt8(ascii: "+") || next == UInt8(ascii: ";")
    }
}
