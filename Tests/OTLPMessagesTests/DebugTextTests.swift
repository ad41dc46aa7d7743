import OTLPMessages
import Testing

struct DebugTextTests {
    @Test("a span is shown with its resource, its scope and all its fields")
    func spanText() throws {
        let json = #"""
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
            "scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",
            "spanId":"eee19b7ec3c1b174","name":"GET /","kind":2,"startTimeUnixNano":"1544712660300000000","flags":257,
            "attributes":[{"key":"n","value":{"intValue":"-1"}},{"key":"d","value":{"doubleValue":1.5}},
            {"key":"l","value":{"arrayValue":{"values":[{"boolValue":true},{}]}}},
            {"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"AP8="}}]}}},{"key":"e"}],
            "events":[{"timeUnixNano":"1709164800000000000","name":"x"}],"status":{"code":2,"message":"m"}}]}]}]}
            """#
        #expect(
            try debug(try wire(json)) == """
                ResourceSpans #0
                    Resource:
                        Attributes:
                             -> service.name: Str("shop")
                    ScopeSpans #0
                        Scope:
                            Name: "lib"
                            Version: "1"
                        Span #0
                            Trace ID: 5b8efff798038103d269b633813fc60c
                            Span ID: eee19b7ec3c1b174
                            Name: "GET /"
                            Kind: SPAN_KIND_SERVER
                            Start time: 1544712660300000000 (2018-12-13 14:51:00.3 +0000 UTC)
                            Attributes:
                                 -> n: Int(-1)
                                 -> d: Double(1.5)
                                 -> l: Slice([Bool(true), Empty()])
                                 -> m: Map({k: Bytes("00ff")})
                                 -> e: Empty()
                            Event #0
                                Time: 1709164800000000000 (2024-02-29 00:00:00 +0000 UTC)
                                Name: "x"
                            Status:
                                Message: "m"
                                Code: STATUS_CODE_ERROR
                            Flags: 257

                """)
    }

    @Test("points and log records are shown with their kind, values and bodies")
    func pointsAndRecords() throws {
        let metrics = #"""
            {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"h","unit":"s","histogram":{
            "aggregationTemporality":2,"dataPoints":[{"count":"3","sum":0,"bucketCounts":["1","2"],"explicitBounds":[0.5]}]}}]}]}]}
            """#
        let metricsText = try debug(try wire(metrics, .metricsRequest), .metricsRequest)
        for line in [
            "Metric #0", "Name: \"h\"", "Histogram:", "HistogramDataPoint #0", "Count: 3", "Sum: 0",
            "Bucket counts: [1, 2]", "Explicit bounds: [0.5]",
            "Aggregation temporality: AGGREGATION_TEMPORALITY_CUMULATIVE",
        ] {
            #expect(metricsText.contains(" \(line)\n"), "\(line)")
        }
        let logs = #"""
            {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"body":{"stringValue":"a\nb"}}]}]}]}
            """#
        let logsText = try debug(try wire(logs, .logsRequest), .logsRequest)
        #expect(logsText.contains(" LogRecord #0\n"))
        #expect(logsText.contains(" Severity number: SEVERITY_NUMBER_INFO\n"))
        #expect(logsText.contains(" Body: Str(\"a\\nb\")\n"))
    }

    @Test("a key that could be taken for something else is quoted")
    func strangeKeys() throws {
        let shown = try debug(try wire(span(#""attributes":[{"key":"a: Str(b)\n"},{"key":""}]"#)))
        #expect(shown.contains(#"-> "a: Str(b)\n": Empty()"#))
        #expect(shown.contains(#"-> "": Empty()"#))
    }
}
