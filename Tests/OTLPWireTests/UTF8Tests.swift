import OTLPWire
import Testing

/// The judgement is that of Swift's own `String(validating:)`.
@Suite struct UTF8Tests {
    private func isValid(_ bytes: Bytes, _ lower: Int, _ upper: Int) -> Bool {
        isValidUTF8(bytes.span, ByteRange(lower, upper))
    }

    private func check(_ bytes: Bytes, padding: Int = 0, sourceLocation: SourceLocation = #_sourceLocation) {
        let expected = String(validating: bytes, as: UTF8.self) != nil
        for (before, after) in [(0, 0), (padding, 0), (padding, 16), (0, padding)] {
            let text = Bytes(repeating: 0x61, count: before) + bytes + Bytes(repeating: 0x62, count: after)
            // What stands around the string must not matter.
            let around = Bytes(repeating: 0xff, count: 3) + text + Bytes(repeating: 0xff, count: 9)
            let accepted = isValid(text, 0, text.count) && isValid(around, 3, 3 + text.count)
            if accepted != expected {
                Issue.record("\(hexadecimalText(text)): \(accepted)", sourceLocation: sourceLocation)
            }
        }
    }

    @Test("63: all pairs of bytes, and three and four bytes of every class")
    func patterns() {
        check([])
        for first in UInt8.min...UInt8.max {
            check([first])
            for second in UInt8.min...UInt8.max { check([first, second], padding: 7) }
        }
        // The first and last of each class of bytes in Unicode's table 3-7.
        let classes: Bytes = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
            0xf0,
            0xf1, 0xf3, 0xf4, 0xf5, 0xff,
        ]
        for first in classes {
            for second in classes {
                for third in classes {
                    check([first, second, third], padding: 1)
                    guard first >= 0xe0 else { continue }
                    for fourth in classes { check([first, second, third, fourth], padding: 6) }
                }
            }
        }
    }

    @Test("63: every code point, and no surrogate")
    func codePoints() {
        for value in stride(from: UInt32(0), through: 0x10ffff, by: 61) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = Bytes(String(scalar).utf8)
            #expect(isValid(bytes, 0, bytes.count))
        }
        for value in [0xd800, 0xdbff, 0xdc00, 0xdfff] {
            check([0xe0 | UInt8(value >> 12), 0x80 | UInt8(value >> 6 & 0x3f), 0x80 | UInt8(value & 0x3f)])
        }
    }

    @Test("63: one wrong byte is found at any place in a string of any length")
    func places() {
        for length in 1...70 {
            for position in 0..<length {
                for wrong in [0x80, 0xc3, 0xff] as Bytes {
                    var bytes = Bytes(repeating: 0x61, count: length)
                    bytes[position] = wrong
                    #expect(!isValid(bytes, 0, length))
                }
                // A character of two bytes there is fine, unless it is cut.
                var bytes = Bytes(repeating: 0x61, count: length + 1)
                bytes[position] = 0xc3
                bytes[position + 1] = 0xa9
                #expect(isValid(bytes, 0, length + 1))
                #expect(isValid(bytes, 0, position))
                #expect(!isValid(bytes, 0, position + 1))
            }
        }
    }

    @Test("63: random bytes and random cuts of text")
    func random() {
        var random = SplitMix64(seed: 7)
        let text = Bytes("Übergrößenträger 注文の処理に失敗しました 🐦‍⬛ plain ASCII in between, \u{10ffff} and \u{0} too".utf8)
        for _ in 0..<20_000 {
            var bytes = text
            let lower = Int.random(in: 0..<text.count, using: &random)
            bytes = Bytes(bytes[lower..<Int.random(in: lower...text.count, using: &random)])
            if random.oneIn(2), !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            check(bytes, padding: 5)
        }
    }
}
