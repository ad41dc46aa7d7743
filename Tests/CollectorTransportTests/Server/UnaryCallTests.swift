import CollectorCore
import CollectorTransport
import NIOCore
import Testing

@Suite struct UnaryCallTests {
    /// What became of a request.
    private enum Outcome {
        case waiting
        case body(CallBody)
        case refused(CallFailure)
    }

    /// A call with everything that a connection handler would do for it.
    private struct Driver {
        var call: UnaryCall
        var outcome = Outcome.waiting
        var stepsOffLoop = 0

        init(limits: CallLimits = CallLimits(), budget: ByteBudget) {
            call = UnaryCall(limits: limits, budget: budget)
        }

        mutating func perform(_ action: UnaryCall.Action) {
            switch action {
            case .wait: break
            case .inflate(let step):
                stepsOffLoop += step.isOffLoop ? 1 : 0
                perform(call.inflated(step.run()))
            case .dispatch(let body): outcome = .body(body)
            case .refuse(let failure): outcome = .refused(failure)
            }
        }

        mutating func run(_ pieces: [ByteBuffer], _ coding: ContentCoding = .identity, length: Int? = nil) {
            perform(call.begin(coding: coding, length: length))
            for piece in pieces { perform(call.receive(piece)) }
            perform(call.end())
        }
    }

    private let text = ByteBuffer(string: (0..<500).map { "span \($0), " }.joined())

    @Test(arguments: [1, 2, 3, 100, 4096, 10_000]) func `a body is whole however it is cut`(size: Int) throws {
        for length in [nil, text.readableBytes] {
            let budget = ByteBudget.unlimited()
            var driver = Driver(budget: budget)
            driver.run(text.pieces(of: size), length: length)
            guard case .body(let body) = driver.outcome else { throw Unexpected("\(driver.outcome)") }
            #expect(body.bytes == text)
            #expect(body.gzipped == nil)
            #expect(body.reservation.bytes >= body.bytes.storageCapacity)
            #expect(budget.usedBytes == body.reservation.bytes)
        }
    }

    @Test(arguments: [1, 2, 3, 100, 4096, 10_000]) func `a gzip body is inflated and kept as it came`(size: Int) throws
    {
        let packed = try #require(Deflater.gzip([text]))
        for length in [nil, packed.readableBytes] {
            let budget = ByteBudget.unlimited()
            var driver = Driver(budget: budget)
            driver.run(packed.pieces(of: size), .compressed(.gzip), length: length)
            guard case .body(let body) = driver.outcome else { throw Unexpected("\(driver.outcome)") }
            #expect(body.bytes == text)
            #expect(body.gzipped == packed)
            #expect(driver.stepsOffLoop == 0)
            #expect(budget.usedBytes == body.reservation.bytes)
            #expect(body.reservation.bytes >= body.bytes.storageCapacity + packed.readableBytes)
        }
    }

    @Test func `a piece that is the whole body is not copied`() throws {
        var driver = Driver(budget: .unlimited())
        let whole = noise(50_000)
        driver.run([whole], length: 50_000)
        guard case .body(let body) = driver.outcome else { throw Unexpected("\(driver.outcome)") }
        unsafe body.bytes.withUnsafeReadableBytes { mine in
            // unsafe: the addresses are only compared.
            unsafe whole.withUnsafeReadableBytes { theirs in
                #expect(unsafe mine.baseAddress == theirs.baseAddress)
            }
        }
    }

    @Test func `a small piece of a large read buffer is copied out of it`() throws {
        var read = ByteBuffer()
        read.reserveCapacity(1 << 20)
        read.writeString("small")
        var driver = Driver(budget: .unlimited())
        driver.run([read])
        guard case .body(let body) = driver.outcome else { throw Unexpected("\(driver.outcome)") }
        #expect(String(buffer: body.bytes) == "small")
        #expect(body.bytes.storageCapacity < 100)
        #expect(body.reservation.bytes < 100)
    }

    @Test func `a declared length reserves a megabyte at most, and only with the first bytes`() throws {
        let budget = ByteBudget.unlimited()
        var driver = Driver(budget: budget)
        driver.perform(driver.call.begin(coding: .identity, length: 60 << 20))
        #expect(budget.usedBytes == 0)
        driver.perform(driver.call.receive(ByteBuffer(string: "x")))
        #expect(budget.usedBytes == 1 << 20)
        driver.call.cancel()
        #expect(budget.usedBytes == 0)
    }

    @Test func `a declared length over the limit is refused before any byte`() throws {
        var driver = Driver(limits: CallLimits(bytes: 100), budget: .unlimited())
        driver.perform(driver.call.begin(coding: .identity, length: 101))
        guard case .refused(.tooLarge(limit: 100, isDecompressed: false)) = driver.outcome else {
            throw Unexpected("\(driver.outcome)")
        }
    }

    @Test(arguments: [1, 7, 1000]) func `an undeclared body is refused when it passes the limit`(size: Int) throws {
        let budget = ByteBudget.unlimited()
        for (count, isRefused) in [(100, false), (101, true)] {
            var driver = Driver(limits: CallLimits(bytes: 100), budget: budget)
            driver.run(noise(count).pieces(of: size))
            if case .refused(.tooLarge) = driver.outcome {
                #expect(isRefused)
            } else {
                #expect(!isRefused)
            }
        }
        #expect(budget.usedBytes == 0)
    }

    @Test func `a bomb is refused while it arrives, at the limit's cost`() throws {
        let bomb = bomb(megabytes: 512)
        #expect(bomb.readableBytes > 500_000)
        let budget = ByteBudget(limit: 8 << 20, now: { 0 })
        var driver = Driver(limits: CallLimits(wireBytes: 64 << 20, bodyBytes: 4 << 20), budget: budget)
        driver.perform(driver.call.begin(coding: .compressed(.gzip), length: nil))
        for piece in bomb.pieces(of: 100_000).prefix(4) { driver.perform(driver.call.receive(piece)) }
        guard case .refused(.tooLarge(limit: _, isDecompressed: true)) = driver.outcome else {
            throw Unexpected("\(driver.outcome)")
        }
        #expect(budget.usedBytes == 0)
    }

    @Test func `a small bomb leaves the event loop after a megabyte`() throws {
        // An empty member at the end hides the size from whoever looks at the last four bytes.
        var body = bomb(megabytes: 100)
        body.writeImmutableBuffer(try #require(Deflater.gzip([])))
        var driver = Driver(limits: CallLimits(bytes: 64 << 20), budget: .unlimited())
        driver.run([body], .compressed(.gzip))
        guard case .refused(.tooLarge) = driver.outcome else { throw Unexpected("\(driver.outcome)") }
        #expect(driver.stepsOffLoop == 1)
    }

    @Test func `a large compressed body is inflated off the loop, also when more arrives meanwhile`() throws {
        let content = noise(900_000)
        let packed = try #require(Deflater.gzip([content], level: 1))
        var call = UnaryCall(limits: CallLimits(), budget: .unlimited())
        _ = call.begin(coding: .compressed(.gzip), length: packed.readableBytes)
        var running: InflateStep?
        for piece in packed.pieces(of: 150_000) {
            if case .inflate(let step) = call.receive(piece) {
                #expect(step.isOffLoop)
                #expect(running == nil)
                running = step
            }
        }
        guard case .wait = call.end() else { throw Unexpected("a second step began") }
        let first = try #require(running)
        guard case .inflate(let last) = call.inflated(first.run()) else { throw Unexpected("no second step") }
        guard case .dispatch(let body) = call.inflated(last.run()) else { throw Unexpected("no body") }
        #expect(body.bytes == content)
        #expect(body.gzipped == packed)
    }

    @Test func `corrupt and truncated bodies are refused`() throws {
        let packed = try #require(Deflater.gzip([text]))
        for body in [try #require(packed.getSlice(at: 0, length: packed.readableBytes - 1)), text, ByteBuffer()] {
            var driver = Driver(budget: .unlimited())
            driver.run([body], .compressed(.gzip))
            guard case .refused(.corrupt) = driver.outcome else { throw Unexpected("\(driver.outcome)") }
        }
    }

    @Test func `a used-up budget refuses with a delay and keeps nothing`() throws {
        let budget = ByteBudget(limit: 10_000, now: { 0 })
        let held = try budget.reserve(5000)
        for coding in [ContentCoding.identity, .compressed(.gzip)] {
            var driver = Driver(budget: budget)
            let packed = try #require(Deflater.gzip([ByteBuffer(repeating: 7, count: 20_000)]))
            driver.run(coding == .identity ? noise(20_000).pieces(of: 1000) : [packed], coding)
            guard case .refused(.overBudget(let error)) = driver.outcome else { throw Unexpected("\(driver.outcome)") }
            #expect(error.retryAfter != nil)
            #expect(budget.usedBytes == held.bytes)
        }
    }

    @Test func `whatever comes after a refusal is ignored`() throws {
        let budget = ByteBudget.unlimited()
        var driver = Driver(budget: budget)
        driver.perform(driver.call.begin(coding: .identity, length: nil))
        driver.perform(driver.call.receive(text))
        driver.perform(driver.call.fail(.timedOut("late")))
        guard case .refused(.timedOut) = driver.outcome else { throw Unexpected("\(driver.outcome)") }
        #expect(budget.usedBytes == 0)
        driver.outcome = .waiting
        driver.perform(driver.call.receive(text))
        driver.perform(driver.call.end())
        driver.perform(driver.call.fail(.shuttingDown))
        guard case .waiting = driver.outcome else { throw Unexpected("\(driver.outcome)") }
        #expect(budget.usedBytes == 0)
    }

    @Test func `a call given up while a worker inflates it ignores the result`() throws {
        let budget = ByteBudget.unlimited()
        let packed = try #require(Deflater.gzip([noise(400_000)], level: 1))
        var call = UnaryCall(limits: CallLimits(), budget: budget)
        _ = call.begin(coding: .compressed(.gzip), length: packed.readableBytes)
        var pending: InflateStep?
        if case .inflate(let step) = call.receive(packed) { pending = step }
        call.cancel()
        let result = try #require(pending).run()
        guard case .wait = call.inflated(result) else { throw Unexpected("the result was used") }
        pending = nil
        #expect(budget.usedBytes == 0)
    }
}

/// Something a test did not expect to see.
struct Unexpected: Error {
    let what: String

    init(_ what: String) { self.what = what }
}
