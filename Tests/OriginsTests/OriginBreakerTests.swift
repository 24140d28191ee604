// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Origins
import Primitives
import Testing

/// A store that fails is left alone, and taken back by one request.
@Suite struct OriginBreakerTests {
    enum Step: Sendable {
        /// So many ordinary requests fail, one after the other.
        case fail(Int)
        case answer, late
        /// The probe's outcome.
        case probeFails, probeAnswers, probeIsLost
        case wait(milliseconds: Int)
        /// What the next request is told: to go, to probe, to wait.
        case go, probe, refused
    }

    // swift-format-ignore
    static let rows: [(name: String, steps: [Step])] = [
        ("seven failures are none",       [.fail(7), .go, .answer, .fail(7), .go]),
        ("eight in a row open it",        [.fail(8), .refused, .wait(milliseconds: 499), .refused]),
        ("one probe at a time",           [.fail(8), .wait(milliseconds: 500), .probe, .refused, .wait(milliseconds: 60_000), .refused]),
        ("a probe closes",                [.fail(8), .wait(milliseconds: 500), .probe, .probeAnswers, .go, .fail(7), .go]),
        ("a failed one doubles",          [.fail(8), .wait(milliseconds: 500), .probe, .probeFails, .wait(milliseconds: 999), .refused, .wait(milliseconds: 1), .probe]),
        ("a lost one is another's",       [.fail(8), .wait(milliseconds: 500), .probe, .probeIsLost, .probe]),
        ("who began earlier adds none",   [.fail(8), .fail(20), .wait(milliseconds: 500), .probe, .fail(20), .refused, .probeAnswers, .go]),
        ("who began earlier closes",      [.fail(8), .answer, .go]),
        ("nothing known, nothing done",   [.fail(7), .late, .go, .fail(1), .refused]),
        ("closing shortens the pause",    [.fail(8), .wait(milliseconds: 500), .probe, .probeFails, .answer, .fail(8), .wait(milliseconds: 500), .probe]),
    ]

    /// Chance is 0 throughout: pauses are half of 1, 2, 4 … seconds.
    @Test(arguments: rows) func theTable(name: String, steps: [Step]) {
        var breaker = OriginBreaker()
        let start = ContinuousClock.now
        var now = start
        let error = OriginError.throttled(status: 503)
        func settle(_ ticket: OriginBreaker.Ticket, _ verdict: OriginBreaker.Verdict) {
            breaker.settle(ticket, verdict, at: now, chance: 0)
        }
        for (index, step) in steps.enumerated() {
            let place = "\(name), step \(index)"
            switch step {
            case .fail(let count): for _ in 0..<count { settle(.ordinary, .failed(error)) }
            case .answer: settle(.ordinary, .answered)
            case .late: settle(.ordinary, .unknown)
            case .probeFails: settle(.probe, .failed(error))
            case .probeAnswers: settle(.probe, .answered)
            case .probeIsLost: settle(.probe, .unknown)
            case .wait(let milliseconds): now += .milliseconds(milliseconds)
            case .go: #expect(breaker.admit(at: now) == .granted(.ordinary), "\(place)")
            case .probe: #expect(breaker.admit(at: now) == .granted(.probe), "\(place)")
            case .refused:
                guard case .refused = breaker.admit(at: now) else {
                    Issue.record("\(place): not refused")
                    continue
                }
                #expect(breaker.outage?.error == error, "\(place)")
                #expect(breaker.outage?.since == start, "\(place)")
            }
        }
    }

    @Test func thePauseHasALimit() {
        var breaker = OriginBreaker()
        var now = ContinuousClock.now
        for _ in 0..<8 {
            breaker.settle(.ordinary, .failed(.throttled(status: 503)), at: now, chance: 0)
        }
        for _ in 0..<20 {
            now += .seconds(30)
            #expect(breaker.admit(at: now) == .granted(.probe))
            breaker.settle(.probe, .failed(.throttled(status: 503)), at: now, chance: 0.999)
        }
    }

    // MARK: - Around a store

    private static let slow = MisbehavingServer.Act.send(
        "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"
    )
    private static let fine = MisbehavingServer.Act.send(
        "HTTP/1.1 200 OK\r\nETag: \"v\"\r\nContent-Length: 3\r\n\r\n"
    )

    private static func limits(longestWait: Duration) -> OriginLimits {
        var limits = OriginLimits(
            deadline: .seconds(20),
            firstPause: .milliseconds(1),
            longestPause: .milliseconds(4)
        )
        limits.longestWait = longestWait
        return limits
    }

    /// Goal: many readers of a store that refuses cost it a few requests, not eight each.
    @Test func aFailingStoreIsLeftAlone() async throws {
        let server = try await MisbehavingServer([Self.slow])
        try await OriginRig.run(limits: Self.limits(longestWait: .zero)) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            #expect(rig.factory.breakers.map(\.isOpen) == [false])
            let errors = await withTaskGroup(of: OriginError?.self) { group in
                for _ in 0..<500 {
                    group.addTask {
                        do throws(OriginError) {
                            _ = try await origin.attributes(of: "k")
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(server.requests.count < 200)
            #expect(rig.factory.breakers.map(\.origin) == ["s3://b"])
            #expect(rig.factory.breakers.map(\.isOpen) == [true])
            #expect(
                errors.contains {
                    if case .unreachable(let why) = $0 {
                        return why.hasPrefix("it asked for less (503); its breaker is open since")
                    }
                    return false
                }
            )
        }
        try await server.close()
    }

    /// Goal: who comes while a store is left alone waits for the probe, and gets its answer.
    @Test func aShortOutageIsWaitedOut() async throws {
        let server = try await MisbehavingServer(
            Array(repeating: Self.slow, count: 8) + [Self.fine]
        )
        try await OriginRig.run(limits: Self.limits(longestWait: .seconds(15))) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            await #expect(throws: OriginError.throttled(status: 503)) {
                try await origin.attributes(of: "k")
            }
            async let first = origin.attributes(of: "k").size
            async let second = origin.attributes(of: "k").size
            #expect(try await [first, second] == [3, 3])
            #expect(server.requests.count == 10)
            #expect(rig.factory.breakers.map(\.isOpen) == [false])
        }
        try await server.close()
    }
}
