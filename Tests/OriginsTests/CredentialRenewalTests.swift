// SPDX-License-Identifier: Apache-2.0
import Codecs
import Foundation
import Origins
import Primitives
import SystemPackage
import TestKit
import Testing

/// When credentials are renewed, by how many, and what happens while that fails.
@Suite struct CredentialRenewalTests {
    private static func credentials(for seconds: Double) -> MisbehavingServer.Act {
        let end = Date(timeIntervalSinceNow: seconds).formatted(.iso8601)
        let body =
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
            + "<AccessKeyId>AK</AccessKeyId><SecretAccessKey>SK</SecretAccessKey>"
            + "<SessionToken>ST</SessionToken><Expiration>\(end)</Expiration></Credentials>"
            + "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        return .send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    private static func refusal(_ status: String, _ code: String) -> MisbehavingServer.Act {
        let body = "<ErrorResponse><Error><Code>\(code)</Code></Error></ErrorResponse>"
        return .send("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    private static let fine = MisbehavingServer.Act.send(
        "HTTP/1.1 200 OK\r\nETag: \"v\"\r\nContent-Length: 3\r\n\r\n"
    )

    private func run(
        sts acts: [MisbehavingServer.Act],
        _ body: (any Origin, MisbehavingServer) async throws -> Void
    ) async throws {
        let sts = try await MisbehavingServer(acts)
        let store = try await MisbehavingServer([Self.fine])
        let scratch = try ScratchDirectory()
        let token = scratch.path("token").string
        try Data("a.b.c".utf8).write(to: URL(filePath: token))
        let environment = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ENDPOINT_URL_STS": sts.endpoint,
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/reader",
        ]
        try await OriginRig.run(environment: environment) { rig in
            try await body(try rig.origin("s3://b", options: ["endpoint": store.endpoint]), sts)
        }
        try await sts.close()
        try await store.close()
    }

    @Test func oneCallRenewsForAll() async throws {
        try await run(sts: [Self.credentials(for: 3600)]) { origin, sts in
            try await withThrowingTaskGroup(of: UInt64.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await origin.attributes(of: "k").size }
                }
                for try await size in group { #expect(size == 3) }
            }
            #expect(sts.requests.count == 1)
        }
    }

    // swift-format-ignore
    static let troubles: [(name: String, act: MisbehavingServer.Act)] = [
        ("throttled",   refusal("400 Bad Request", "Throttling")),
        ("overloaded",  refusal("503 Service Unavailable", "ServiceUnavailable")),
        ("broken",      refusal("500 Oops", "InternalFailure")),
        ("gone",        .close),
        ("refused",     refusal("403 Forbidden", "AccessDenied")),
    ]

    enum Event: Sendable {
        /// Found; `nil`: a file's, which do not expire.
        case found(Int64?)
        case fails(OriginError)
        /// What the next request does.
        case uses, renews, waits, failsAtOnce
    }

    // swift-format-ignore
    static let rows: [(name: String, events: [(second: Int64, event: Event)])] = [
        ("one renews, others wait",     [(0, .renews), (0, .waits), (1, .found(3600)), (1, .uses)]),
        ("renewed before they expire",  [(0, .renews), (0, .found(3600)), (3299, .uses), (3300, .renews), (3300, .uses), (3301, .found(7200)), (3301, .uses)]),
        ("failure: kept, 10 s later",   [(0, .renews), (0, .found(3600)), (3300, .renews), (3301, .fails(busy)), (3302, .uses), (3310, .uses), (3311, .renews), (3311, .uses)]),
        ("refused: kept as well",       [(0, .renews), (0, .found(3600)), (3300, .renews), (3301, .fails(.accessDenied(code: ""))), (3302, .uses)]),
        ("expired: no longer",          [(0, .renews), (0, .found(3600)), (3599, .renews), (3600, .waits), (3600, .fails(busy)), (3600, .failsAtOnce), (3601, .renews)]),
        ("short ones: not each time",   [(0, .renews), (0, .found(60)), (9, .uses), (10, .renews), (10, .found(70)), (19, .uses)]),
        ("a file: each minute",         [(0, .renews), (0, .found(nil)), (59, .uses), (60, .renews), (60, .uses), (60, .found(nil)), (119, .uses)]),
        ("a file while rewritten",      [(0, .renews), (0, .found(nil)), (60, .renews), (60, .fails(wrong)), (69, .uses), (70, .renews), (70, .fails(wrong)), (359, .renews), (360, .waits), (360, .fails(wrong)), (360, .renews)]),
        ("none, passing: for a second", [(0, .renews), (0, .fails(busy)), (0, .failsAtOnce), (1, .renews)]),
        ("none, wrong: each time",      [(0, .renews), (0, .fails(wrong)), (0, .renews)]),
    ]

    private static let busy = OriginError.throttled(status: 503)
    private static let wrong = OriginError.misconfigured("")

    @Test(arguments: rows)
    func theTable(name: String, events: [(second: Int64, event: Event)]) {
        var renewal = CredentialRenewal()
        for (second, event) in events {
            let place = "\(name), second \(second)"
            let secret = Secret("s")
            switch event {
            case .found(let end):
                renewal.renewed(
                    S3Credentials(
                        accessKey: secret,
                        secretKey: secret,
                        sessionToken: nil,
                        expiresUnixSeconds: end
                    ),
                    at: second
                )
            case .fails(let error): _ = renewal.failed(error, at: second)
            case .uses, .renews, .waits, .failsAtOnce:
                switch (event, renewal.step(at: second)) {
                case (.uses, .use), (.renews, .renew), (.waits, .wait), (.failsAtOnce, .fail): break
                case (_, let step): Issue.record("\(place): \(step)")
                }
            }
        }
    }

    /// What is about to expire is not renewed by each request.
    @Test func anExchangeThatWorksOnceIsEnough() async throws {
        try await run(sts: [Self.credentials(for: 60), Self.troubles[0].act]) { origin, sts in
            for _ in 0..<50 { _ = try await origin.attributes(of: "k") }
            #expect(sts.requests.count == 1)
        }
    }

    /// Goal: without any kept, trouble that passes is waited out, a refusal is said at once.
    @Test(arguments: troubles)
    func troubleAtTheFirstExchangePasses(
        name: String,
        act: MisbehavingServer.Act
    ) async throws {
        try await run(sts: [act, Self.credentials(for: 3600)]) { origin, sts in
            if name == "refused" {
                await #expect(throws: OriginError.accessDenied(code: "AccessDenied")) {
                    try await origin.attributes(of: "k")
                }
            } else {
                _ = try await origin.attributes(of: "k")
                #expect(sts.requests.count == 2, "\(name)")
            }
        }
    }
}
