import CollectorCore
import CollectorTransport
import NIOCore

/// `/metrics`: the collector's own metrics for Prometheus. Parameters are ignored, as scrapers may send some.
struct MetricsPage: TelemetryPage {
    let environment: ServiceEnvironment
    let endpoint: TelemetryConfig.ScrapeEndpoint
    let resource: [(name: String, value: String?)]

    let path = PagePath.exact("/metrics")
    let summary = "own metrics for Prometheus"

    func answer(_ request: PageRequest) -> HTTPAnswer {
        let families = environment.telemetry.snapshot() + environment.ledger.families() + [targetInfo]
        return HTTPAnswer(
            status: 200, headers: [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
            body: ByteBuffer(string: SelfExposition.text(families, endpoint)))
    }

    /// Who tells these metrics: the built-in attributes, changed by `service.telemetry.resource`.
    private var targetInfo: Telemetry.Family {
        var attributes: [(name: String, value: String?)] = [
            ("service.name", environment.build.name), ("service.version", environment.build.version),
        ]
        for own in resource {
            attributes.removeAll { $0.name == own.name }
            attributes.append(own)
        }
        let labels: Telemetry.Labels = attributes.compactMap { attribute in
            attribute.value.map { (labelName(attribute.name), $0) }
        }
        return Telemetry.Family(
            name: "target_info", help: "Target metadata", kind: .gauge,
            series: [Telemetry.Series(labels: labels, value: .number(1))])
    }

    private func labelName(_ attribute: String) -> String {
        let name = String(attribute.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return name.first?.isNumber ?? true ? "key_\(name)" : name
    }
}
