/// A trace's keys: the number of each combination of values that the processor groups traces by, in the order of
/// `TraceKeyPlan`. The first one is its service.
struct TraceKeys: BitwiseCopyable, Comparable {
    private var ids: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)

    static let capacity = 4
    /// The place of the service.
    static let service = 0

    subscript(place: Int) -> UInt32 {
        get {
            switch place {
            case 0: ids.0
            case 1: ids.1
            case 2: ids.2
            default: ids.3
            }
        }
        set {
            switch place {
            case 0: ids.0 = newValue
            case 1: ids.1 = newValue
            case 2: ids.2 = newValue
            default: ids.3 = newValue
            }
        }
    }

    static func == (left: TraceKeys, right: TraceKeys) -> Bool { left.ids == right.ids }

    /// Some order.
    static func < (left: TraceKeys, right: TraceKeys) -> Bool { left.ids < right.ids }
}
