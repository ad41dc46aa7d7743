// The rules of both formats that a reader could tolerate but a writer must keep.

extension Exposition {
    /// Throws at the first rule that is broken.
    func checkRules(isOpenMetrics: Bool) throws {
        var taken: Set<String> = []
        for family in families {
            for suffix in family.suffixes(isOpenMetrics) + [""] where !taken.insert(family.name + suffix).inserted {
                if suffix.isEmpty, family.suffixes(isOpenMetrics).contains("") { continue }
                throw ExpositionError("\(family.name)\(suffix) is a name of two families")
            }
            let types =
                isOpenMetrics
                ? ["counter", "gauge", "histogram", "summary", "unknown", "info"]
                : ["counter", "gauge", "histogram", "summary", "untyped"]
            guard let type = family.type, types.contains(type) else {
                throw ExpositionError("\(family.name) has type \(family.type ?? "none")")
            }
            if let unit = family.unit, !isOpenMetrics || unit.isEmpty || !family.name.hasSuffix("_\(unit)") {
                throw ExpositionError("\(family.name) has unit '\(unit)'")
            }
            try family.checkSamples(isOpenMetrics)
            if type == "histogram" { try family.checkHistogram(isOpenMetrics) }
        }
        if isOpenMetrics, let target = families.firstIndex(where: { $0.type == "info" }), target != 0 {
            throw ExpositionError("the target metadata is not first")
        }
    }
}

extension Exposition.Family {
    fileprivate func checkSamples(_ isOpenMetrics: Bool) throws {
        let type = type ?? ""
        for sample in samples {
            for label in sample.labels where label.value.isEmpty {
                throw ExpositionError("label \(label) in \(sample.name)")
            }
            for label in sample.labels where label.name == "__name__" {
                throw ExpositionError("reserved label \(label) in \(sample.name)")
            }
            if let exemplar = sample.exemplar {
                // Prometheus cannot read it.
                for label in exemplar.labels where label.value.utf8.contains(0) {
                    throw ExpositionError("a NUL byte in an exemplar of \(sample.name)")
                }
                let isAllowed =
                    isOpenMetrics
                    && (type == "histogram" && sample.name == name + "_bucket"
                        || type == "counter" && sample.name == name + "_total")
                if !isAllowed { throw ExpositionError("an exemplar on \(sample.name)") }
            }
            let isCount =
                type == "counter" || sample.name == name + "_bucket" || sample.name == name + "_count"
                || (type == "histogram" || type == "summary") && sample.name == name + "_sum"
            if isOpenMetrics, isCount, !(sample.value >= 0) {
                throw ExpositionError("\(sample.name) is \(sample.value)")
            }
            let isWhole = sample.name == name + "_bucket" || sample.name == name + "_count" && type != "gauge"
            if isWhole, type == "histogram" || type == "summary",
                !sample.valueText.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            {
                throw ExpositionError("\(sample.name) is \(sample.valueText)")
            }
            if type == "summary", isOpenMetrics, sample.name == name, sample.value < 0 {
                throw ExpositionError("\(sample.name) is \(sample.value)")
            }
        }
    }

    fileprivate func checkHistogram(_ isOpenMetrics: Bool) throws {
        var series: [Set<Exposition.Label>: [Exposition.Sample]] = [:]
        for sample in samples { series[Set(sample.labels.filter { $0.name != "le" }), default: []].append(sample) }
        for (labels, samples) in series {
            let buckets = samples.filter { $0.name == name + "_bucket" }
            let bounds = buckets.compactMap { bucket in
                bucket.labels.first { $0.name == "le" }.flatMap { bound($0.value) }
            }
            guard bounds.count == buckets.count, bounds.last == .infinity,
                zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }),
                zip(buckets, buckets.dropFirst()).allSatisfy({ $0.value <= $1.value })
            else { throw ExpositionError("buckets of \(name) \(labels): \(buckets.map(\.value)) at \(bounds)") }
            let sum = samples.first { $0.name == name + "_sum" }
            let count = samples.first { $0.name == name + "_count" }
            if let count, count.value != buckets.last?.value {
                throw ExpositionError("\(name)_count is \(count.value), not the last bucket")
            }
            if isOpenMetrics, (sum == nil) != (count == nil) || sum != nil && bounds.contains(where: { $0 < 0 }) {
                throw ExpositionError("_sum and _count of \(name) \(labels)")
            }
            for (bucket, lower) in zip(buckets, [-Double.infinity] + bounds) {
                guard let exemplar = bucket.exemplar else { continue }
                let upper = bucket.labels.first { $0.name == "le" }.flatMap { bound($0.value) } ?? .nan
                let isInside = exemplar.value <= upper && (exemplar.value > lower || lower == -.infinity)
                if !isInside { throw ExpositionError("exemplar \(exemplar.value) outside its bucket of \(name)") }
            }
        }
    }

    private func bound(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        default: Double(text)
        }
    }
}
