package import CollectorCore

/// `tail_sampling`: keeps whole traces by what turned out to be in them.
package struct TailSamplingFactory: ProcessorFactory {
    package let type = "tail_sampling"
    package let signals: Set<Signal> = [.traces]
    package let summary = "Keeps or drops whole traces by policies, once their spans are together"

    package init() {}

    package func readConfig(_ reader: ConfigReader) -> TailSamplingConfig {
        TailSamplingConfig(reader)
    }

    package func make(
        _ config: TailSamplingConfig, _ context: ComponentContext, signal: Signal, next: any Consumer
    ) throws(ComponentError) -> any ConsumingComponent {
        try TailSampling(config, context, next: next)
    }
}
