// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Asking: tries, pauses between them, and the deadline around it all.
///
///     ask ─▶ gate ─▶ sign ─▶ send ─▶ head ─▶ plan ─▶ body ─▶ answer
///      ▲      └──────────── one try, one record ───────────────┤
///      └── pause ◀── passing failure ◀─────────────────────────┘
extension S3Store {
    /// The answer of the first try that worked.
    ///
    /// - Throws: The error of the last try, or ``OriginError/timedOut(afterMS:)``.
    func ask(
        _ call: S3Call,
        observer: @escaping OriginObserver
    ) async throws(OriginError) -> S3Answer {
        let patience = Patience(limits)
        return try await race(patience) {
            await self.askUntil(patience, call, observer)
        }
    }

    private func askUntil(
        _ patience: Patience,
        _ call: S3Call,
        _ observer: OriginObserver
    ) async -> Result<S3Answer, OriginError> {
        var number = 1
        var wasRefused = false
        while true {
            let revision = credentialRevision
            let outcome: Result<S3Answer, S3Failure>
            do {
                outcome = try await attemptInTurn(call, patience, observer)
            } catch {
                return .failure(error)
            }

            switch outcome {
            case .success(let answer):
                return .success(answer)
            case .failure(let failure)
            where !wasRefused && failure.isRefusal
                && credentialRevision != revision:
                // Signed with what has been replaced meanwhile, perhaps because the store takes it no more.
                wasRefused = true
            case .failure(let failure):
                let pause = pause(after: failure, try: number)
                guard failure.isWorthRetrying, number < limits.tries,
                    pause < patience.deadline.remaining
                else { return .failure(failure.error) }
                guard (try? await Task.sleep(for: pause)) != nil else {
                    return .failure(failure.error)
                }
                number += 1
            }
        }
    }

    /// Doubles with each try; half of it is chance, so that workers that failed together spread.
    private func pause(after failure: S3Failure, try number: Int) -> Duration {
        let longest = limits.pause(afterTry: number)
        return max(failure.pause ?? .zero, longest / 2 * Double.random(in: 1...2))
    }

    // MARK: - One try

    private func attemptInTurn(
        _ call: S3Call,
        _ patience: Patience,
        _ observer: OriginObserver
    ) async throws(OriginError) -> Result<S3Answer, S3Failure> {
        let ticket = try await gate.enter(patience.deadline)
        defer { gate.budget.giveBack() }
        let began = ContinuousClock.now
        var outcome = await attempt(call, patience, observer)
        if case .failure = outcome, Task.isCancelled {
            outcome = .failure(patience.isOver ? .passing(patience.deadline.passed) : .cancelled)
        }
        // Who got its turn shortly before its deadline has not given the store time to answer.
        let fairTime = min(limits.deadline / 2, .seconds(3))
        let isShort = ContinuousClock.now - began < fairTime
        gate.settle(ticket, S3Failure.verdict(on: outcome, tooShort: isShort))
        return outcome
    }

    private func attempt(
        _ call: S3Call,
        _ patience: Patience,
        _ observer: OriginObserver
    ) async -> Result<S3Answer, S3Failure> {
        let deadline = patience.deadline
        let request: HTTPClientRequest
        do {
            request = try await self.request(call, deadline: deadline)
        } catch {
            return .failure(.credentials(error))
        }

        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, deadline: deadline.onEventLoops)
        } catch {
            observer(OriginRequestRecord(method: call.operation, status: 0, byteCount: 0))
            return .failure(.connection(error, to: endpoint, deadline: deadline))
        }

        patience.headArrived()
        var received = ByteBuffer()
        let outcome = await read(response, call, patience, into: &received)
        observer(
            OriginRequestRecord(
                method: call.operation,
                status: Int(response.status.code),
                byteCount: received.readableBytes
            )
        )
        return outcome.map { S3Answer(head: $0, body: received) }
    }

    private func read(
        _ response: HTTPClientResponse,
        _ call: S3Call,
        _ patience: Patience,
        into body: inout ByteBuffer
    ) async -> Result<S3Head, S3Failure> {
        let head = S3Head(status: Int(response.status.code), headers: response.headers)
        guard (200..<300).contains(head.status) else {
            _ = await collect(response.body, .upTo(errorDocumentLimit), patience, into: &body)
            let document = Array(body.readableBytesView)
            return .failure(.status(head, document: document, call: call))
        }

        let plan: S3Call.BodyPlan
        do {
            plan = try call.plan(head)
        } catch {
            let isBroken = if case .brokenBody = error { true } else { false }
            return .failure(S3Failure(error: error, isWorthRetrying: isBroken))
        }
        if let failure = await collect(response.body, plan, patience, into: &body) {
            return .failure(failure)
        }
        return .success(head)
    }

    /// Bytes of an error document that are read: S3's have a few hundred.
    private var errorDocumentLimit: Int { 65_536 }

    /// Appends the body; stops at the first byte too many.
    private func collect(
        _ chunks: HTTPClientResponse.Body,
        _ plan: S3Call.BodyPlan,
        _ patience: Patience,
        into body: inout ByteBuffer
    ) async -> S3Failure? {
        let limit =
            switch plan {
            case .exactly(let count), .upTo(let count): count
            }
        if case .exactly = plan { body.reserveCapacity(limit) }
        do {
            for try await var chunk in chunks {
                guard body.readableBytes + chunk.readableBytes <= limit else {
                    return .passing(.brokenBody("it is longer than \(limit) bytes"))
                }
                patience.received(byteCount: chunk.readableBytes)
                body.writeBuffer(&chunk)
            }
        } catch {
            return .body(
                error,
                received: body.readableBytes,
                expected: limit,
                deadline: patience.deadline
            )
        }
        if case .exactly = plan, body.readableBytes < limit {
            return .passing(
                .brokenBody("it ended after \(body.readableBytes) of \(limit) bytes")
            )
        }
        return nil
    }
}
