/// Where the exemplars of a series stand: one in each cell.
enum SeriesCells: Sendable, Equatable {
    /// A histogram's buckets, by their upper bounds.
    case explicit([Double])
    /// Two cells to an octave, whatever the scale of an exponential histogram is: enough to tell slow from quick, about
    /// twenty for what one operation takes, and a change of scale moves nothing.
    case exponential
    /// A counter has one exemplar.
    case single

    /// What the bounds are charged for, in bytes.
    var size: Int {
        if case .explicit(let bounds) = self { ExemplarCost.bound * bounds.count } else { 0 }
    }

    /// The cell of a value; for explicit buckets the one with lower < value ≤ bound (conformance 152). Nil for NaN, which
    /// none holds.
    func cell(of value: Double) -> Int? {
        guard !value.isNaN else { return nil }
        switch self {
        case .explicit(let bounds): return Self.bucket(of: value, bounds)
        case .exponential: return Self.halfOctave(of: value)
        case .single: return 0
        }
    }

    private static func bucket(of value: Double, _ bounds: [Double]) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Zero has a cell of its own, and negative values mirror positive ones.
    private static func halfOctave(of value: Double) -> Int {
        guard value != 0 else { return 0 }
        let magnitude = value.magnitude
        // Beyond every exponent of a finite number.
        let largest = 8000
        guard magnitude.isFinite else { return value > 0 ? largest : -largest }
        let exponent = Int(magnitude.exponent) * 2
        let cell =
            switch magnitude.significand {
            case 1: exponent - 1
            case ...2.0.squareRoot(): exponent
            default: exponent + 1
            }
        return (cell + 4000) * (value > 0 ? 1 : -1)
    }
}
