import OTLPWire
import Testing

@Suite struct TraceIDTests {
    @Test("Hexadecimal digits are read in any letter case and written in lower case")
    func hexadecimalForm() throws {
        let text = "0123456789abcdef00000000000000ff"
        let id = try #require(TraceID(hexadecimal: text))
        #expect(id == TraceID(high: 0x0123_4567_89ab_cdef, low: 0xff))
        #expect(id.description == text)
        #expect(TraceID(hexadecimal: text.uppercased()) == id)
        #expect(hexadecimal(0) == "0000000000000000")
        #expect(hexadecimal(.max) == "ffffffffffffffff")
    }

    @Test("Anything but 32 digits is no trace id")
    func wrongForms() {
        for text in [
            "", "0", String(repeating: "0", count: 31), String(repeating: "0", count: 33),
            String(repeating: "g", count: 32),
            "+" + String(repeating: "0", count: 31), " " + String(repeating: "0", count: 31),
            String(repeating: "é", count: 16), String(repeating: "٣", count: 16),
        ] {
            #expect(TraceID(hexadecimal: text) == nil, "\(text)")
        }
    }

    @Test("201: the randomness is the last seven bytes")
    func randomness() {
        let id = TraceID(high: .max, low: 0xab12_3456_789a_bcde)
        #expect(id.randomness == 0x12_3456_789a_bcde)
        #expect(TraceID(high: 0, low: 0).isZero)
        #expect(!TraceID(high: 1, low: 0).isZero && !TraceID(high: 0, low: 1).isZero)
    }
}
