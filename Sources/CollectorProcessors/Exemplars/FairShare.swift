/// Keeps one service from taking all places there are: it may have three times as many as are still free. A service alone
/// gets three quarters, two get three sevenths each, and there is always room for a next one.
enum FairShare {
    /// - Parameters:
    ///   - own: how many places the service has.
    ///   - total: how many are taken altogether.
    ///   - limit: how many there are.
    static func admits(own: Int, total: Int, limit: Int) -> Bool {
        let free = limit - total
        return free > 0 && own / 3 < free
    }
}
