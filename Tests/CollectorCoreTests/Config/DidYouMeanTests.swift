import CollectorCore
import Testing

@Suite("Did you mean")
struct DidYouMeanTests {
    @Test(
        "A misspelt word finds the candidate that was meant",
        arguments: [
            ("endpont", "endpoint"), ("enpdoint", "endpoint"), ("numConsumers", "num_consumers"),
            ("num-consumers", "num_consumers"),
            ("Timeout", "timeout"), ("timout", "timeout"), ("otlphtp", "otlp_http"), ("tls_settings", "tls_setting"),
        ])
    func findsTheMeant(word: String, meant: String) {
        let candidates = ["endpoint", "timeout", "num_consumers", "otlp_http", "compression", "tls_setting"]
        #expect(didYouMean(word, among: candidates) == meant)
    }

    @Test(
        "A word far from all candidates gets no guess",
        arguments: ["zebra", "x", "", String(repeating: "endpoint", count: 20)])
    func staysSilent(word: String) {
        #expect(didYouMean(word, among: ["endpoint", "timeout", "a", "tls"]) == nil)
    }

    @Test("The word itself is no suggestion, and of equally near candidates the first wins")
    func tiesGoToTheFirst() {
        #expect(didYouMean("grpc", among: ["grpc"]) == nil)
        #expect(didYouMean("trace", among: ["traces", "tracer"]) == "traces")
    }

    @Test("Without a near candidate the known ones are listed, a dozen at most")
    func listsTheKnown() {
        #expect(suggestion(for: "zebra", among: ["b", "a"]) == "; known here: a, b")
        #expect(suggestion(for: "zebra", among: []) == "")
        let many = (0..<20).map { "key\($0 + 10)" }
        #expect(suggestion(for: "zebra", among: many).hasSuffix("key21, …"))
    }
}
