import OTLPWire

extension OTTLConverters {
    private static let target = OTTLParameter(name: "target", kind: .string)

    static let strings: [OTTLConverter] = [
        OTTLConverter(
            name: "HasPrefix", parameters: [target, OTTLParameter(name: "prefix", kind: .string)], result: .bool,
            body: .two { target, prefix, bytes throws(OTTLEvaluationError) in
                .bool(hasPrefix(target.text.span(in: bytes), prefix.text.span(in: bytes)))
            }),
        OTTLConverter(
            name: "HasSuffix", parameters: [target, OTTLParameter(name: "suffix", kind: .string)], result: .bool,
            body: .two { target, suffix, bytes throws(OTTLEvaluationError) in
                .bool(hasSuffix(target.text.span(in: bytes), suffix.text.span(in: bytes)))
            }),
        OTTLConverter(
            name: "TrimPrefix", parameters: [target, OTTLParameter(name: "prefix", kind: .string)], result: .string,
            body: .two { target, prefix, bytes throws(OTTLEvaluationError) in
                let (whole, prefix) = (target.text.copied(from: bytes), prefix.text.copied(from: bytes))
                return .string(.made(whole.starts(with: prefix) ? Array(whole.dropFirst(prefix.count)) : whole))
            }),
        OTTLConverter(
            name: "TrimSuffix", parameters: [target, OTTLParameter(name: "suffix", kind: .string)], result: .string,
            body: .two { target, suffix, bytes throws(OTTLEvaluationError) in
                let (whole, suffix) = (target.text.copied(from: bytes), suffix.text.copied(from: bytes))
                let isThere = whole.reversed().starts(with: suffix.reversed())
                return .string(.made(isThere ? Array(whole.dropLast(suffix.count)) : whole))
            }),
        OTTLConverter(
            name: "Trim",
            parameters: [target, OTTLParameter(name: "replacement", kind: .string, isOptional: true)], result: .string,
            body: .two { target, set, bytes throws(OTTLEvaluationError) in
                var characters = Set(string(set.text, bytes).unicodeScalars)
                if case .nothing = set { characters = [" "] }
                var rest = Substring(string(target.text, bytes)).unicodeScalars
                while let first = rest.first, characters.contains(first) { rest = rest.dropFirst() }
                while let last = rest.last, characters.contains(last) { rest = rest.dropLast() }
                return .string(OTTLText(String(Substring(rest))))
            }),
        OTTLConverter(
            name: "ToLowerCase", parameters: [target], result: .string,
            body: .one { target, bytes throws(OTTLEvaluationError) in .string(lowercased(target.text, bytes)) }),
        OTTLConverter(
            name: "ToUpperCase", parameters: [target], result: .string,
            body: .one { target, bytes throws(OTTLEvaluationError) in .string(uppercased(target.text, bytes)) }),
        OTTLConverter(
            name: "ConvertCase",
            parameters: [target, OTTLParameter(name: "to_case", kind: .string, choices: ["lower", "upper"])],
            result: .string,
            body: .two { target, toCase, bytes throws(OTTLEvaluationError) in
                .string(
                    string(toCase.text, bytes) == "lower"
                        ? lowercased(target.text, bytes) : uppercased(target.text, bytes))
            }),
        OTTLConverter(
            name: "Substring",
            parameters: [
                target, OTTLParameter(name: "start", kind: .int), OTTLParameter(name: "length", kind: .int),
            ],
            result: .string,
            body: .three { target, start, length, bytes throws(OTTLEvaluationError) in
                let text = target.text.span(in: bytes)
                let (end, isBeyond) = start.int.addingReportingOverflow(length.int)
                guard start.int >= 0, length.int > 0, !isBeyond, end <= Int64(text.count) else {
                    throw OTTLEvaluationError(.invalid("`start` and `length` must lie within the string"))
                }
                return .string(.made(Array(target.text.copied(from: bytes)[Int(start.int)..<Int(end)])))
            }),
        OTTLConverter(
            name: "Split", parameters: [target, OTTLParameter(name: "delimiter", kind: .string)], result: .list,
            body: .two { target, delimiter, bytes throws(OTTLEvaluationError) in
                let parts = split(target.text.copied(from: bytes), delimiter.text.copied(from: bytes))
                return .list(.made(parts.map { .string(.made(Array($0))) }))
            }),
    ]

    private static func hasPrefix(_ text: Span<UInt8>, _ prefix: Span<UInt8>) -> Bool {
        text.count >= prefix.count && areEqual(text.extracting(first: prefix.count), prefix)
    }

    private static func hasSuffix(_ text: Span<UInt8>, _ suffix: Span<UInt8>) -> Bool {
        text.count >= suffix.count && areEqual(text.extracting(last: suffix.count), suffix)
    }

    // Go maps one character to one character, so `ß` stays what it is.

    private static func lowercased(_ text: OTTLText, _ bytes: Span<UInt8>) -> OTTLText {
        mapped(text, bytes) { $0.properties.lowercaseMapping }
    }

    private static func uppercased(_ text: OTTLText, _ bytes: Span<UInt8>) -> OTTLText {
        mapped(text, bytes) { $0.properties.uppercaseMapping }
    }

    private static func mapped(
        _ text: OTTLText, _ bytes: Span<UInt8>, _ mapping: (Unicode.Scalar) -> String
    ) -> OTTLText {
        var result = String.UnicodeScalarView()
        for scalar in string(text, bytes).unicodeScalars {
            let mapped = mapping(scalar).unicodeScalars
            result.append(mapped.count == 1 ? mapped.first ?? scalar : scalar)
        }
        return OTTLText(String(result))
    }

    /// Go's `strings.Split`: an empty delimiter gives the characters.
    private static func split(_ text: [UInt8], _ delimiter: [UInt8]) -> [ArraySlice<UInt8>] {
        if delimiter.isEmpty {
            return String(decoding: text, as: UTF8.self).unicodeScalars.map { ArraySlice(String($0).utf8) }
        }
        let search = OTTLSearch(for: delimiter)
        var parts: [ArraySlice<UInt8>] = []
        var start = 0
        while let end = search.first(in: text.span, from: start) {
            parts.append(text[start..<end])
            start = end + delimiter.count
        }
        parts.append(text[start...])
        return parts
    }
}
