package import CollectorCore

/// Makes `probabilistic_sampler` processors.
package struct ProbabilisticSamplerFactory: ProcessorFactory {
    package init() {}

    package var type: String { "probabilistic_sampler" }
    package var signals: Set<Signal> { [.traces] }
    package var summary: String { "keeps a share of all traces, the same ones everywhere (W3C tracestate)" }

    package func readConfig(_ reader: ConfigReader) -> ProbabilisticSamplerConfig {
        ProbabilisticSamplerConfig(reader)
    }

    package func make(
        _ config: ProbabilisticSamplerConfig, _ context: ComponentContext, signal: Signal, next: any Consumer
    ) throws(ComponentError) -> any ConsumingComponent {
        TransformingProcessor(ProbabilisticSampler(config, context), account: context.account, next: next)
    }
}
