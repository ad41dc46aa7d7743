/// The user event that tells a connection to finish what it has accepted, and to close then.
struct ServerShutdown: Sendable {}
