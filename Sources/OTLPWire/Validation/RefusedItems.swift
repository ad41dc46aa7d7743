/// How many items were refused, and why the first one was.
struct RefusedItems {
    var count = 0
    var reason = ""

    mutating func add(_ problem: StaticString) {
        if count == 0 { reason = "\(problem)" }
        count += 1
    }
}
