import CollectorProcessors
import CollectorTestKit
import OTLPWire
import Testing

/// One request with one span that has something in every field that conditions can name.
enum OTTLFixture {
    static let request = request(span: span)

    /// A request whose span has ids, without which receivers refuse it, and what `build` writes.
    static func request(_ build: (inout ProtobufMessage) -> Void) -> [UInt8] {
        request(
            span: ProtobufMessage { span in
                span.bytes(1, Array(0x01...0x10))
                span.bytes(2, Array(0x11...0x18))
                build(&span)
            })
    }

    static func request(span: ProtobufMessage) -> [UInt8] {
        ProtobufMessage { request in
            request.message(1) { group in
                group.message(1) { resource in
                    resource.attributes(1, ["service.name": "frontend", "replicas": 3])
                    resource.varint(2, 4)
                }
                group.message(2) { scopeGroup in
                    scopeGroup.message(1) { scope in
                        scope.string(1, "http")
                        scope.string(2, "1.2.0")
                        scope.attributes(3, ["short": true])
                        scope.varint(4, 5)
                    }
                    scopeGroup.bytes(2, span.bytes)
                    scopeGroup.string(3, "https://example.com/scope")
                }
                group.string(3, "https://example.com/resource")
            }
        }.bytes
    }

    static let span = ProtobufMessage { span in
        span.bytes(1, Array(0x01...0x10))
        span.bytes(2, Array(0x11...0x18))
        span.string(3, "ot=th:8, vendor=x1")
        span.string(5, "GET /cart")
        span.varint(6, 2)
        span.fixed64(7, 1_700_000_000_000_000_000)
        span.fixed64(8, 1_700_000_005_000_000_000)
        span.attributes(
            9,
            [
                "user.tier": "gold", "http.status_code": 503, "ratio": 0.25, "sampled": true, "nothing": .empty,
                "empty": "", "number": "42", "html": "<a&b>",
            ])
        span.message(9) { pair in
            pair.string(1, "raw")
            pair.message(2) { $0.bytes(7, [0xde, 0xad]) }
        }
        span.message(9) { pair in
            pair.string(1, "tags")
            pair.message(2) { value in
                value.message(5) { list in
                    list.message(1) { $0.string(1, "blue") }
                    list.message(1) { $0.varint(3, 7) }
                }
            }
        }
        span.message(9) { pair in
            pair.string(1, "cart")
            pair.message(2) { value in
                value.message(6) { map in
                    map.attributes(1, ["total": 12.5, "currency": "EUR"])
                }
            }
        }
        span.varint(10, 1)
        for event in [exception, retry] { span.bytes(11, event.bytes) }
        span.varint(12, 2)
        span.message(13) { $0.bytes(1, Array(0x01...0x10)) }
        span.varint(14, 3)
        span.message(15) { status in
            status.string(2, "timed out")
            status.varint(3, 2)
        }
        span.fixed32(16, 0x101)
    }

    private static let exception = ProtobufMessage { event in
        event.fixed64(1, 1_700_000_001_000_000_000)
        event.string(2, "exception")
        event.attributes(3, ["exception.type": "TimeoutError"])
        event.varint(4, 9)
    }

    private static let retry = ProtobufMessage { event in
        event.fixed64(1, 1_700_000_002_000_000_000)
        event.string(2, "retry")
        event.attributes(3, ["attempt": 2])
    }

    /// The fixture's span as a child of another one.
    static let child: ProtobufMessage = {
        var child = span
        child.bytes(4, Array(0x21...0x28))
        return child
    }()
}

struct NoTraces: Error {}

/// Whether a condition is true of the first span of a request. What it remembers must not change the answer.
func evaluate(
    _ text: String, _ context: OTTLContext = .span, _ request: [UInt8] = OTTLFixture.request,
    stopsAtFailure: Bool = false
) throws -> Bool {
    let condition = try OTTLCondition(text, context: context)
    guard case .traces(let index) = try validateTraces(request.span).index, let entry = index.spans.first else {
        throw NoTraces()
    }
    let scope = index.scopes[Int(entry.scope)]
    let resource = index.resources[Int(scope.parent)]
    let memory = condition.makeMemory()
    let span = OTTLSpan(request.span, entry: entry, resource: resource, scope: scope)
    func answer(_ memory: OTTLMemory?) -> Result<Bool, OTTLEvaluationError> {
        do throws(OTTLEvaluationError) {
            return .success(try condition.isTrue(of: span, memory, stopsAtFailure: stopsAtFailure))
        } catch {
            return .failure(error)
        }
    }
    let answers = [answer(memory), answer(memory), answer(nil)]
    #expect(Set(answers.map { "\($0)" }).count == 1, "\(text)")
    return try answers[0].get()
}
