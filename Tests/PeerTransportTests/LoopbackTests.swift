// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOPosix
import PeerTransport
import Primitives
import Synchronization
import Testing

/// Client and server over real sockets.
@Suite struct LoopbackTests {
    typealias Method = Echo.Method

    @Test func requestsAreAnswered() async throws {
        try await Pair.with { pair in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in UInt8(0)..<50 {
                    group.addTask {
                        let reply = try await pair.client.request(
                            Method.reverse,
                            [1, 2, number],
                            to: pair.address,
                            timeout: .seconds(10)
                        )
                        #expect(reply == [number, 2, 1])
                    }
                }
                try await group.waitForAll()
            }
            #expect(pair.server.counters.connected == 1, "one connection for all")
            #expect(pair.server.counters.requests == 50)
        }
    }

    @Test func bigBodiesFitAndBiggerOnesAreRefused() async throws {
        try await Pair.with { pair in
            let limit = PeerLimits().bodyByteCount
            let big = [UInt8](repeating: 9, count: limit)
            let reply = try await pair.client.request(
                Method.reverse,
                big,
                to: pair.address,
                timeout: .seconds(20)
            )
            #expect(reply.count == limit)
            await #expect(throws: PeerError.tooLarge(byteCount: limit + 1, limit: limit)) {
                try await pair.client.request(
                    Method.reverse,
                    big + [1],
                    to: pair.address,
                    timeout: .seconds(5)
                )
            }
            let oversized = PeerError.failed(PeerFailure(code: PeerFailure.oversized))
            await #expect(throws: oversized) {
                try await pair.client.request(
                    Method.huge,
                    [],
                    to: pair.address,
                    timeout: .seconds(5)
                )
            }
        }
    }

    @Test func failuresAreTheHandlersOwn() async throws {
        try await Pair.with { pair in
            await #expect(throws: PeerError.failed(PeerFailure(code: 42, body: [5]))) {
                try await pair.client.request(
                    Method.fail,
                    [5],
                    to: pair.address,
                    timeout: .seconds(5)
                )
            }
            await #expect(throws: PeerError.failed(PeerFailure(code: PeerFailure.unhandled))) {
                for try await _ in try await pair.client.stream(99, [], to: pair.address) {}
            }
        }
    }

    @Test func aTimeoutEndsTheCallHereAndThere() async throws {
        try await Pair.with { pair in
            do throws(PeerError) {
                _ = try await pair.client.request(
                    Method.hang,
                    [],
                    to: pair.address,
                    timeout: .seconds(1)  // Time to get there, on a busy machine too.
                )
                Issue.record("a hanging request was answered")
            } catch {
                // Whichever end notices first; both clocks run.
                let expired = PeerError.failed(PeerFailure(code: PeerFailure.expired))
                #expect([.timedOut(pair.address), expired].contains(error))
            }
            #expect(await eventually { pair.echo.state.withLock(\.cancelled) == 1 })
        }
    }

    @Test func cancellationReachesTheHandler() async throws {
        try await Pair.with { pair in
            let call = Task {
                try await pair.client.request(
                    Method.hang,
                    [],
                    to: pair.address,
                    timeout: .seconds(3600)
                )
            }
            #expect(await eventually { pair.echo.state.withLock(\.started) == 1 })
            call.cancel()
            await #expect(throws: PeerError.cancelled) { try await call.value }
            #expect(await eventually { pair.echo.state.withLock(\.cancelled) == 1 })
        }
    }

    @Test func callsInFlightAreBounded() async throws {
        var limits = PeerLimits()
        limits.requestsInFlight = 3
        try await Pair.with(limits: limits) { pair in
            let calls = (0..<3).map { _ in
                Task {
                    try await pair.client.request(
                        Method.hang,
                        [],
                        to: pair.address,
                        timeout: .seconds(3600)
                    )
                }
            }
            #expect(await eventually { pair.echo.state.withLock(\.started) == 3 })
            await #expect(throws: PeerError.overloaded(pair.address)) {
                try await pair.client.request(
                    Method.reverse,
                    [],
                    to: pair.address,
                    timeout: .seconds(5)
                )
            }
            for call in calls { call.cancel() }
            for call in calls { _ = await call.result }
            let reply = try await pair.client.request(
                Method.reverse,
                [1],
                to: pair.address,
                timeout: .seconds(5)
            )
            #expect(reply == [1])
        }
    }

    /// Goal: writes that fill a connection do not keep a worker from being heard.
    @Test func urgentCallsFindAPlace() async throws {
        var limits = PeerLimits()
        limits.requestsInFlight = 8
        limits.urgentMethods = [Method.reverse]
        try await Pair.with(limits: limits) { pair in
            let hang: @Sendable () async throws -> [UInt8] = {
                try await pair.client.request(
                    Method.hang,
                    [],
                    to: pair.address,
                    timeout: .seconds(3600)
                )
            }
            let calls = (0..<7).map { _ in Task { try await hang() } }
            #expect(await eventually { pair.echo.state.withLock(\.started) == 7 })
            await #expect(throws: PeerError.overloaded(pair.address)) { try await hang() }
            let reply = try await pair.client.request(
                Method.reverse,
                [1, 2],
                to: pair.address,
                timeout: .seconds(5)
            )
            #expect(reply == [2, 1])
            for call in calls { call.cancel() }
        }
    }

    @Test func messagesArriveInOrder() async throws {
        try await Pair.with { pair in
            for number in 0..<1000 {
                pair.client.send(withUnsafeTestBytes(number), to: pair.address)
            }
            #expect(await eventually { pair.echo.state.withLock(\.messages.count) == 1000 })
            let expected = (0..<1000).map(withUnsafeTestBytes)
            #expect(pair.echo.state.withLock(\.messages) == expected)
            #expect(pair.echo.state.withLock(\.senders).allSatisfy { $0 == hello("client") })
            #expect(pair.client.counters.messagesDropped == 0)
        }
    }

    @Test func theOutboxIsBoundedAndDropsTheOldest() async throws {
        var limits = PeerLimits()
        limits.outboxCount = 10
        try await Pair.with(limits: limits) { pair in
            // Nothing drains before the handshake, which takes longer than this loop; what slips
            // through does not matter, only that the newest arrive and nothing is lost uncounted.
            for number in 0..<5000 {
                pair.client.send(withUnsafeTestBytes(number), to: pair.address)
            }
            let last = withUnsafeTestBytes(4999)
            #expect(await eventually { pair.echo.state.withLock(\.messages.last) == last })
            let received = pair.echo.state.withLock(\.messages.count)
            let dropped = Int(pair.client.counters.messagesDropped)
            #expect(dropped > 0)
            #expect(received + dropped == 5000)
        }
    }

    @Test func streamsArriveWholeAndInOrder() async throws {
        try await Pair.with { pair in
            let stream = try await pair.client.stream(Method.count, [50], to: pair.address)
            var next = 0
            for try await item in stream {
                #expect(Array(item.prefix(8)) == withUnsafeTestBytes(next))
                next += 1
            }
            #expect(next == 5000, "5 MB through a window of 1 MiB")
        }
    }

    @Test func anUnreadStreamHoldsItsSenderBack() async throws {
        var limits = PeerLimits()
        limits.streamWindow = 20_000
        try await Pair.with(limits: limits) { pair in
            let stream = try await pair.client.stream(Method.forever, [], to: pair.address)
            #expect(await eventually { pair.echo.state.withLock(\.itemsSent) >= 18 })
            // A request behind it proves that the connection is not what waits.
            _ = try await pair.client.request(
                Method.reverse,
                [1],
                to: pair.address,
                timeout: .seconds(5)
            )
            let sent = pair.echo.state.withLock(\.itemsSent)
            #expect(sent <= 20, "1,064 bytes a piece of a window of 20,000")
            var iterator = stream.makeAsyncIterator()
            for _ in 0..<100 { _ = try await iterator.next() }
            #expect(pair.echo.state.withLock(\.itemsSent) >= 100)
        }
    }

    @Test func droppingAStreamEndsItsHandler() async throws {
        try await Pair.with { pair in
            do {
                let stream = try await pair.client.stream(Method.forever, [], to: pair.address)
                var iterator = stream.makeAsyncIterator()
                _ = try await iterator.next()
            }
            #expect(await eventually { pair.echo.state.withLock(\.cancelled) == 1 })
        }
    }

    @Test func cancellingAReaderEndsTheStream() async throws {
        try await Pair.with { pair in
            let reader = Task {
                let stream = try await pair.client.stream(Method.forever, [], to: pair.address)
                for try await _ in stream {}
            }
            #expect(await eventually { pair.echo.state.withLock(\.itemsSent) > 0 })
            reader.cancel()
            await #expect(throws: PeerError.cancelled) { try await reader.value }
            #expect(await eventually { pair.echo.state.withLock(\.cancelled) == 1 })
        }
    }

    @Test func aLostConnectionEndsWhatRanOverIt() async throws {
        try await Pair.with { pair in
            let call = Task {
                try await pair.client.request(
                    Method.hang,
                    [],
                    to: pair.address,
                    timeout: .seconds(3600)
                )
            }
            let stream = try await pair.client.stream(Method.count, [1], to: pair.address)
            #expect(await eventually { pair.echo.state.withLock(\.started) == 1 })
            await pair.server.shutDown()
            await #expect(throws: PeerError.disconnected(pair.address)) { try await call.value }
            var count = 0
            do {
                for try await _ in stream { count += 1 }
            } catch {
                #expect(error as? PeerError == .disconnected(pair.address))
            }
            #expect(await eventually { pair.echo.state.withLock(\.cancelled) >= 1 })
            let isLost = await eventually {
                pair.events.state.withLock(\.lost) == [.disconnected(pair.address)]
            }
            #expect(isLost)
            #expect(!pair.client.status(of: pair.address).isConnected)
        }
    }

    @Test func reconnectsToARestartedServer() async throws {
        try await Pair.with { pair in
            _ = try await pair.client.probe(pair.address, timeout: .seconds(5))
            await pair.server.shutDown()
            #expect(await eventually { !pair.client.status(of: pair.address).isConnected })
            await #expect(throws: PeerError.self) {
                try await pair.client.request(
                    Method.reverse,
                    [],
                    to: pair.address,
                    timeout: .seconds(2)
                )
            }
            let again = try await PeerServer.bind(
                host: "127.0.0.1",
                port: pair.address.port,
                group: MultiThreadedEventLoopGroup.singleton,
                handler: pair.echo
            )
            let isBack = await eventually {
                pair.client.send([1], to: pair.address)
                return !pair.echo.state.withLock(\.messages).isEmpty
            }
            #expect(isBack)
            await again.shutDown()
        }
    }
}
