import OTLPWire

/// Bounds how many values a label may have for each service, so that one label with a value of its own for every request
/// costs that label its values, and nobody else anything. Values are known by their hashes: two that collide take one
/// place, which merges nothing.
struct ValueBudget: Sendable {
    private let limit: Int?
    /// The series that use each value, by service and label.
    private var uses: [UInt64: [UInt64: Int]] = [:]

    init(limit: Int?) { self.limit = limit }

    /// Whether a value may be shown: it is already, or there is room.
    ///
    /// - Parameters:
    ///   - label: which label of which service, by `key`.
    ///   - value: the value's hash.
    func admits(_ value: UInt64, label: UInt64) -> Bool {
        guard let limit, let known = uses[label] else { return true }
        return known.count < limit || known[value] != nil
    }

    /// A series uses a value from now on.
    mutating func add(_ value: UInt64, label: UInt64) {
        if limit != nil { uses[label, default: [:]][value, default: 0] += 1 }
    }

    /// A series that used a value is gone.
    mutating func remove(_ value: UInt64, label: UInt64) {
        guard let count = uses[label]?[value] else { return }
        if count > 1 {
            uses[label]?[value] = count - 1
        } else {
            uses[label]?[value] = nil
            if uses[label]?.isEmpty == true { uses[label] = nil }
        }
    }

    /// The place of a label's values.
    ///
    /// - Parameters:
    ///   - service: the hash of the service's name; 0 for the label that names services.
    ///   - label: the hash of the label's name.
    static func key(service: UInt64, label: UInt64) -> UInt64 { mixed(service ^ mixed(label)) }
}
