import OTLPWire
import Testing

/// Attributes have a way of their own through the validator: it must not be another judge.
@Suite struct AttributeFormTests {
    private let forms: [Bytes] = [
        attribute("key", "value"), attribute("", ""),
        attribute("http.request.method", "a value of more than sixteen bytes"),
        attribute("é", "注文"), field(1, "key") + field(2, varintField(3, 300)),
        field(1, "key") + field(2, varintField(2, 1)),
        field(1, "key") + field(2, varintField(3, .max)), field(1, "key") + field(2, fixed64Field(4, 1)),
        field(1, "key") + field(2, []), field(1, "key"), field(1, "key") + field(2, field(5, field(1, field(1, "v")))),
    ]

    private func check(_ pair: Bytes) {
        // A span behind it, so that reading too far would find something.
        let request = traces(span(1, field(9, pair)), span(2))
        let isValid = traceError(request) == nil
        if isValid != isNaivelyValid(request, .traceRequest) { Issue.record("\(isValid): \(hexadecimalText(pair))") }
    }

    /// Tags, lengths and bytes of each class of UTF-8.
    private let values: [UInt8] =
        Array(0...0x2b) + [0x40, 0x61, 0x7e, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc3, 0xe0, 0xed, 0xf4, 0xff]

    @Test("63: every byte of an attribute may have another value and the verdict is the slow validator's")
    func everyByte() {
        for form in forms {
            check(form)
            for position in form.indices {
                for value in values {
                    var changed = form
                    changed[position] = value
                    check(changed)
                }
            }
        }
    }

    @Test("63: every byte of an attribute may be missing or doubled")
    func everyLength() {
        for form in forms {
            for position in form.indices {
                check(Bytes(form[..<position]))
                check(Bytes(form[..<position] + form[(position + 1)...]))
                check(Bytes(form[...position] + form[position...]))
            }
        }
    }

    @Test("Keys and strings of every length are read, in one byte of length and in two")
    func lengths() {
        for length in 0...300 {
            let text = Bytes(repeating: UInt8(ascii: "x"), count: length)
            for pair in [field(1, text) + field(2, field(1, "v")), field(1, "k") + field(2, field(1, text))] {
                let request = traces(span(1, field(9, pair)))
                #expect(traceError(request) == nil)
                var broken = request
                if let last = broken.lastIndex(of: UInt8(ascii: "x")) { broken[last] = 0x80 }
                #expect((traceError(broken)?.reason == .invalidUTF8) == (length > 0))
            }
        }
    }
}
