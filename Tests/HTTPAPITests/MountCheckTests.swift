// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Coordination
import HTTPAPI
import Primitives
import Synchronization
import Testing

/// `PUT /v1/mount?check=true`: the origin is asked first, unless the answer is known already.
@Suite struct MountCheckTests {
    @Test func checkAsksTheOriginFirst() async throws {
        let world = World()
        try await withServer(world) { client in
            let body = #"{"origin":"s3://b"}"#
            world.probe.error.withLock { $0 = .accessDenied(code: "InvalidAccessKeyId") }
            let refused = try await client.request(
                "PUT",
                "/v1/mount?path=/b&check=true",
                body: body
            )
            #expect(refused.status == 403)
            #expect(refused.code == "not-authorised")
            #expect(refused.text.contains("InvalidAccessKeyId"))
            #expect(world.coordination.state.withLock { $0.commands.isEmpty })

            let unchecked = try await client.request("PUT", "/v1/mount?path=/b", body: body)
            #expect(unchecked.status == 201)
            #expect(world.probe.checks.withLock { $0.count } == 1)
        }
    }

    /// Goal: a repetition is answered what its first attempt was, whatever the origin says by now.
    @Test func aRememberedKeyIsAnsweredBeforeTheOriginIsAsked() async throws {
        let world = World()
        try await withServer(world) { client in
            let put = { @Sendable (body: String) in
                try await client.request(
                    "PUT",
                    "/v1/mount?path=/b&check=true",
                    ["Idempotency-Key": "once"],
                    body: body
                )
            }
            let first = try await put(#"{"origin":"s3://b"}"#)
            #expect(first.status == 201)
            world.probe.error.withLock { $0 = .originTimedOut(afterMS: 30_000) }
            let second = try await put(#"{"origin":"s3://b"}"#)
            #expect((second.status, second.body) == (201, first.body))
            #expect(world.probe.checks.withLock { $0.count } == 1)
            let reused = try await put(#"{"origin":"s3://c"}"#)
            #expect((reused.status, reused.code) == (422, "idempotency-key-reused"))
        }
    }

    /// Goal: an attempt that took effect while a repetition asked the origin is not denied.
    @Test func anAttemptThatWasStillOnItsWayIsNotDenied() async throws {
        let world = World()
        let body = #"{"origin":"s3://b"}"#
        try await withServer(world) { client in
            let put = { @Sendable in
                try await client.request(
                    "PUT",
                    "/v1/mount?path=/b&check=true",
                    ["Idempotency-Key": "once"],
                    body: body
                )
            }
            world.probe.error.withLock { $0 = .originFailed("503") }
            let denied = try await put()
            #expect((denied.status, denied.code) == (502, "origin-failed"))
            #expect(denied.json["outcome"] as? String == "not-applied")

            world.probe.error.withLock { $0 = nil }
            _ = try await put()
            let command = try #require(world.coordination.state.withLock { $0.commands.last })
            world.coordination.state.withLock { state in
                state.catalog = Sample.catalog()
                state.barriers = 0
                state.late = command
            }
            world.probe.error.withLock { $0 = .originFailed("503") }
            #expect(try await put().status == 201)

            // Who cannot find out what became of it says so.
            world.coordination.state.withLock { state in
                state.catalog = Sample.catalog()
                state.barriers = 0
                state.late = nil
                state.laterBarrierError = .noLeader
            }
            let unknown = try await put()
            #expect((unknown.status, unknown.code) == (502, "origin-failed"))
            #expect(unknown.json["outcome"] as? String == "unknown")
        }
    }
}
