import OTLPWire

/// A key and its value, as text.
struct AttributePair: Sendable {
    var key: [UInt8]
    var value: [UInt8]

    /// The attributes of a message that have a value: an empty label means the same as none (conformance 119).
    static func all(_ bytes: Span<UInt8>, message: ByteRange, field: UInt32) -> [AttributePair] {
        var pairs: [AttributePair] = []
        var cursor = AttributeCursor(bytes, message: message, fieldNumber: field)
        while let attribute = cursor.next() {
            let value = attributeText(attribute.value, bytes)
            if !value.isEmpty { pairs.append(AttributePair(key: copied(attribute.key, bytes), value: value)) }
        }
        return pairs
    }
}

/// What the exporter needs of a Resource message.
struct ResourceAttributes: Sendable {
    static let serviceName = Array("service.name" as StaticString)
    static let serviceNamespace = Array("service.namespace" as StaticString)
    static let serviceInstance = Array("service.instance.id" as StaticString)
    static let serviceKeys: Set<[UInt8]> = [serviceName, serviceNamespace, serviceInstance]

    let attributes: [AttributePair]
    /// `job` and `instance`, as far as they are known (conformance 121).
    let identity: [LabelEntry]
    /// The attributes that `identity` does not show already.
    let descriptive: [AttributePair]

    /// - Parameter group: the fields of a ResourceMetrics in front of its scopes.
    init(_ bytes: Span<UInt8>, group: ByteRange) {
        let resource = payload(of: 1, in: group, bytes) ?? .empty
        self.init(AttributePair.all(bytes, message: resource, field: 1))
    }

    init(_ attributes: [AttributePair]) {
        self.attributes = attributes
        func value(_ key: [UInt8]) -> [UInt8] { attributes.last { $0.key == key }?.value ?? [] }
        let name = value(Self.serviceName)
        let namespace = value(Self.serviceNamespace)
        let instance = value(Self.serviceInstance)
        var identity: [LabelEntry] = []
        var shown: Set<[UInt8]> = [Self.serviceName, Self.serviceInstance]
        if !name.isEmpty {
            let job = namespace.isEmpty ? name : namespace + [UInt8(ascii: "/")] + name
            identity.append(Self.entry("job", job))
            shown.insert(Self.serviceNamespace)
        }
        if !instance.isEmpty { identity.append(Self.entry("instance", instance)) }
        self.identity = identity
        descriptive = attributes.filter { !shown.contains($0.key) }
    }

    private static func entry(_ name: StaticString, _ value: [UInt8]) -> LabelEntry {
        LabelEntry(key: Array(name), name: Array(name), value: value)
    }
}

/// What the exporter needs of an InstrumentationScope message and its envelope.
struct ScopeAttributes: Sendable {
    var name: [UInt8]
    var version: [UInt8]
    var schemaURL: [UInt8]
    var attributes: [AttributePair]

    init(_ bytes: Span<UInt8>, group: GroupEntry) {
        let scope = payload(of: 1, in: group.head, bytes) ?? .empty
        let url = payload(of: 3, in: group.tail, bytes) ?? payload(of: 3, in: group.head, bytes)
        name = payload(of: 1, in: scope, bytes).map { copied($0, bytes) } ?? []
        version = payload(of: 2, in: scope, bytes).map { copied($0, bytes) } ?? []
        schemaURL = url.map { copied($0, bytes) } ?? []
        attributes = AttributePair.all(bytes, message: scope, field: 3)
    }
}
