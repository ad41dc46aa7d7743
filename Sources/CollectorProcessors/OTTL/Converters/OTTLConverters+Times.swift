import CollectorCore

extension OTTLConverters {
    private static let secondInNanoseconds: Int64 = 1_000_000_000

    /// Times and durations.
    static let times: [OTTLConverter] = [
        OTTLConverter(
            name: "Duration", parameters: [OTTLParameter(name: "duration", kind: .string)], result: .duration,
            body: .one { text, bytes throws(OTTLEvaluationError) in
                guard let duration = Duration(goNotation: string(text.text, bytes)) else {
                    throw OTTLEvaluationError(.invalid("durations are written as `300ms`, `1.5s` or `1h30m`"))
                }
                // The notation has no more than Go's 64 bits of nanoseconds.
                let (seconds, attoseconds) = duration.components
                return .duration(seconds &* secondInNanoseconds &+ attoseconds / 1_000_000_000)
            }),
        whole("Nanoseconds", 1), whole("Microseconds", 1_000), whole("Milliseconds", 1_000_000),
        fraction("Seconds", 1_000_000_000), fraction("Minutes", 60_000_000_000), fraction("Hours", 3_600_000_000_000),
        OTTLConverter(
            name: "Unix",
            parameters: [
                OTTLParameter(name: "seconds", kind: .int),
                OTTLParameter(name: "nanoseconds", kind: .int, isOptional: true),
            ],
            result: .time,
            body: .two { seconds, nanoseconds, _ throws(OTTLEvaluationError) in
                let (product, isBeyond) = seconds.int.multipliedReportingOverflow(by: secondInNanoseconds)
                let (sum, isSumBeyond) = product.addingReportingOverflow(nanoseconds.int)
                guard !isBeyond, !isSumBeyond else { throw OTTLEvaluationError(.overflow) }
                return .time(sum)
            }),
        sinceEpoch("UnixNano", 1), sinceEpoch("UnixMicro", 1_000), sinceEpoch("UnixMilli", 1_000_000),
        sinceEpoch("UnixSeconds", 1_000_000_000),
        // The hour of the day and its parts, in UTC.
        partOfDay("Hour", unit: 3_600_000_000_000, count: 24), partOfDay("Minute", unit: 60_000_000_000, count: 60),
        partOfDay("Second", unit: 1_000_000_000, count: 60), partOfDay("Nanosecond", unit: 1, count: 1_000_000_000),
    ]

    /// Whole units of a duration, truncated.
    private static func whole(_ name: String, _ unit: Int64) -> OTTLConverter {
        OTTLConverter(
            name: name, parameters: [OTTLParameter(name: "duration", kind: .duration)], result: .int,
            body: .one { duration, _ throws(OTTLEvaluationError) in .int(duration.int / unit) })
    }

    private static func fraction(_ name: String, _ unit: Int64) -> OTTLConverter {
        OTTLConverter(
            name: name, parameters: [OTTLParameter(name: "duration", kind: .duration)], result: .double,
            body: .one { duration, _ throws(OTTLEvaluationError) in
                // Whole units and the rest apart, as Go does it, keep the digits.
                .double(Double(duration.int / unit) + Double(duration.int % unit) / Double(unit))
            })
    }

    private static func sinceEpoch(_ name: String, _ unit: Int64) -> OTTLConverter {
        OTTLConverter(
            name: name, parameters: [OTTLParameter(name: "time", kind: .time)], result: .int,
            body: .one { time, _ throws(OTTLEvaluationError) in .int(floorDivided(time.int, by: unit)) })
    }

    private static func partOfDay(_ name: String, unit: Int64, count: Int64) -> OTTLConverter {
        OTTLConverter(
            name: name, parameters: [OTTLParameter(name: "time", kind: .time)], result: .int,
            body: .one { time, _ throws(OTTLEvaluationError) in
                let units = floorDivided(time.int, by: unit)
                return .int(units &- floorDivided(units, by: count) &* count)
            })
    }

    /// Times before 1970 belong to the unit that began before them.
    private static func floorDivided(_ value: Int64, by divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
