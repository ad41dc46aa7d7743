package import CollectorCore

/// `health_check`: tells orchestrators whether the service takes data.
package struct HealthCheckFactory: ExtensionFactory {
    package let type = "health_check"
    package let signals: Set<Signal> = []
    package let summary = "Answers 200 while the service takes data, 503 otherwise (localhost:13133)."

    package init() {}

    package func readConfig(_ reader: ConfigReader) -> HealthCheckConfig { HealthCheckConfig(reader) }

    package func make(
        _ config: HealthCheckConfig, _ context: ComponentContext
    ) throws(ComponentError) -> any Component {
        HealthCheck(config, context)
    }
}
