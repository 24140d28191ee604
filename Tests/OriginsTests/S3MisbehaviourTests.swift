// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Origins
import Primitives
import Testing

/// Every way a store can answer wrongly, and what a read then says and costs.
@Suite struct S3MisbehaviourTests {
    typealias Act = MisbehavingServer.Act

    /// Limits that make the slow rows quick: 8 tries in about 20 ms of pauses.
    private static let limits = OriginLimits(
        deadline: .seconds(20),
        tries: 8,
        firstPause: .milliseconds(1),
        longestPause: .milliseconds(4)
    )

    /// Bytes 2..<6 of an object of ten bytes, `0123456789`.
    private static let object = OriginObject(
        key: "k",
        size: 10,
        modifiedUnixNS: 0,
        version: "v1"
    )
    private static let range: Range<UInt64> = 2..<6

    private static func answer(
        _ status: String = "206 Partial Content",
        eTag: String = "\"v1\"",
        range: String? = "bytes 2-5/10",
        length: Int? = 4,
        extra: String = "",
        body: String = "2345"
    ) -> String {
        "HTTP/1.1 \(status)\r\nETag: \(eTag)\r\n"
            + (range.map { "Content-Range: \($0)\r\n" } ?? "")
            + (length.map { "Content-Length: \($0)\r\n" } ?? "") + extra + "\r\n" + body
    }

    private static func error(_ status: String, _ code: String, extra: String = "") -> String {
        let body = "<?xml version=\"1.0\"?><Error><Code>\(code)</Code>\(extra)</Error>"
        return "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func status(_ status: String, extra: String = "") -> Act {
        .send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\(extra)\r\n")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let acts: [Act]
        /// `nil`: the right bytes.
        let error: OriginError?
        let tries: Int

        init(_ name: String, _ acts: [Act], _ error: OriginError?, tries: Int) {
            testDescription = name
            self.acts = acts
            self.error = error
            self.tries = tries
        }
    }

    private static let fine: Act = .send(answer())
    private static let chunked = "Transfer-Encoding: chunked\r\n"

    // swift-format-ignore
    static let rows: [Row] = [
        Row("a right answer",          [fine],                                                  nil, tries: 1),
        Row("a right answer, chunked", [.send(answer(length: nil, extra: chunked, body: "4\r\n2345\r\n0\r\n\r\n"))], nil, tries: 1),
        Row("unknown total",           [.send(answer(range: "bytes 2-5/*"))],                   nil, tries: 1),
        Row("503 twice, then fine",    [status("503 Slow Down"), status("503 Slow Down"), fine], nil, tries: 3),
        Row("500, 502, 504, fine",     [status("500 E"), status("502 E"), status("504 E"), fine], nil, tries: 4),
        Row("429 with Retry-After",    [status("429 Slow", extra: "Retry-After: 0\r\n"), fine], nil, tries: 2),
        Row("Retry-After too late",    [status("429 Slow", extra: "Retry-After: 3600\r\n")],    .throttled(status: 429), tries: 1),
        Row("503 for ever",            [status("503 Slow Down")],                               .throttled(status: 503), tries: 8),
        Row("500 for ever",            [.send(error("500 Oops", "InternalError"))],             .unexpectedStatus(500, code: "InternalError"), tries: 8),
        Row("403 with a code",         [.send(error("403 No", "SignatureDoesNotMatch"))],       .accessDenied(code: "SignatureDoesNotMatch"), tries: 1),
        Row("403 with garbage",        [.send("HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\n<a>&")], .accessDenied(code: ""), tries: 1),
        Row("403 with HTML",           [.send("HTTP/1.1 403 No\r\nContent-Length: 13\r\n\r\n<html></html>")], .accessDenied(code: ""), tries: 1),
        Row("401",                     [status("401 Who")],                                     .accessDenied(code: ""), tries: 1),
        Row("404",                     [.send(error("404 Gone", "NoSuchKey"))],                 .notFound, tries: 1),
        Row("404, no bucket",          [.send(error("404 Gone", "NoSuchBucket"))],              .unexpectedStatus(404, code: "NoSuchBucket"), tries: 1),
        Row("412",                     [.send(error("412 Other", "PreconditionFailed"))],       .changed, tries: 1),
        Row("416: it shrank",          [.send(error("416 No", "InvalidRange"))],                .changed, tries: 1),
        Row("400",                     [.send(error("400 Bad", "InvalidArgument"))],            .unexpectedStatus(400, code: "InvalidArgument"), tries: 1),
        Row("400, expired token",      [.send(error("400 Bad", "ExpiredToken"))],               .accessDenied(code: "ExpiredToken"), tries: 1),
        Row("418",                     [status("418 Teapot")],                                  .unexpectedStatus(418, code: ""), tries: 1),
        Row("204",                     [.send("HTTP/1.1 204 Nothing\r\n\r\n")],                 .unexpectedStatus(204, code: ""), tries: 1),
        Row("another region, 301",     [status("301 Moved", extra: "x-amz-bucket-region: eu-west-1\r\n")], .misconfigured("the bucket is in region eu-west-1: set the option region=eu-west-1"), tries: 1),
        Row("another region, 400",     [.send(error("400 Bad", "AuthorizationHeaderMalformed", extra: "<Region>eu-west-2</Region>"))], .misconfigured("the bucket is in region eu-west-2: set the option region=eu-west-2"), tries: 1),
        Row("307 to anywhere",         [status("307 There", extra: "Location: http://127.0.0.1:1/\r\n")], .misconfigured("the store redirects (307 ): check endpoint, region and path-style"), tries: 1),
        Row("wrong ETag",              [.send(answer(eTag: "\"v2\""))],                         .changed, tries: 1),
        Row("no ETag",                 [.send("HTTP/1.1 206 P\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n2345")], .changed, tries: 1),
        Row("another total",           [.send(answer(range: "bytes 2-5/11"))],                  .changed, tries: 1),
        Row("another range",           [.send(answer(range: "bytes 3-6/10"))],                  .brokenBody("it is bytes 3..<7, not 2..<6"), tries: 8),
        Row("no Content-Range",        [.send(answer(range: nil))],                             .brokenBody("206 without a Content-Range"), tries: 8),
        Row("absurd Content-Range",    [.send(answer(range: "bytes 9-1/18446744073709551616"))], .brokenBody("206 without a Content-Range"), tries: 8),
        Row("200 for a range",         [.send(answer("200 OK", range: nil, length: 10, body: "0123456789"))], .brokenBody("200 instead of 206: the store ignores ranges"), tries: 8),
        Row("200 with a range",        [.send(answer("200 OK"))],                               nil, tries: 1),
        Row("200, another total",      [.send(answer("200 OK", range: "bytes 2-5/9"))],         .changed, tries: 1),
        Row("short, announced so",     [.send(answer(length: 3, body: "234"))],                       .brokenBody("it announces 3 of 4 bytes"), tries: 8),
        Row("long, announced so",      [.send(answer(length: 5, body: "23456"))],                     .brokenBody("it announces 5 of 4 bytes"), tries: 8),
        Row("short, closed",           [.sendAndClose(answer(body: "234"))],                          .brokenBody("it ended after 3 of 4 bytes"), tries: 8),
        Row("short, chunked",          [.send(answer(length: nil, extra: chunked, body: "3\r\n234\r\n0\r\n\r\n"))], .brokenBody("it ended after 3 of 4 bytes"), tries: 8),
        Row("short, cut off chunked",  [.sendAndClose(answer(length: nil, extra: chunked, body: "3\r\n234\r\n"))], .brokenBody("it ended after 3 of 4 bytes"), tries: 8),
        Row("long, chunked",           [.send(answer(length: nil, extra: chunked, body: "5\r\n23456\r\n0\r\n\r\n"))], .brokenBody("it is longer than 4 bytes"), tries: 8),
        Row("short once, then fine",   [.sendAndClose(answer(body: "23")), fine],                     nil, tries: 2),
        Row("closed once, then fine",  [.close, fine],                                          nil, tries: 2),
        Row("not HTTP, then fine",     [.sendAndClose("SSH-2.0-OpenSSH\r\n"), fine],            nil, tries: 2),
    ]

    @Test(arguments: rows)
    func aReadSaysWhatIsWrong(row: Row) async throws {
        let server = try await MisbehavingServer(row.acts)
        try await OriginRig.run(limits: Self.limits) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            var outcome: Result<String, OriginError>
            do throws(OriginError) {
                outcome = .success(
                    String(buffer: try await origin.read(Self.object, range: Self.range))
                )
            } catch {
                outcome = .failure(error)
            }
            #expect(outcome == (row.error.map { .failure($0) } ?? .success("2345")))
            #expect(server.requests.count == row.tries)
            #expect(rig.records().count == row.tries)
            for request in server.requests {
                #expect(request.hasPrefix("GET /b/k HTTP/1.1\r\n"))
                #expect(request.contains("if-match: \"v1\""))
                #expect(request.contains("range: bytes=2-5"))
                #expect(!request.lowercased().contains("authorization"))
            }
        }
        try await server.close()
    }

    // MARK: - Time

    @Test func aHangingStoreCostsTheDeadline() async throws {
        let limits = OriginLimits(deadline: .milliseconds(300))
        for act in [Act.sendAndHang(""), .sendAndHang(Self.answer(body: "23"))] {
            let server = try await MisbehavingServer([act])
            try await OriginRig.run(limits: limits) { rig in
                let origin = try rig.origin(
                    "s3://b",
                    options: ["endpoint": server.endpoint, "anonymous": "true"]
                )
                let start = ContinuousClock.now
                let error = await #expect(throws: OriginError.self) {
                    try await origin.read(Self.object, range: Self.range)
                }
                guard case .timedOut(let afterMS) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(afterMS >= 300)
                #expect(ContinuousClock.now - start < .seconds(5))
            }
            try await server.close()
        }
    }

    // swift-format-ignore
    static let drips: [(name: String, chunk: Int, isLetFinish: Bool, most: Duration)] = [
        ("it moves",              1000, true,  .seconds(300)),
        ("a byte now and then",      1, false, .seconds(300)),
        ("it moves for too long", 1000, false, .milliseconds(1200)),
    ]

    /// Goal: a body that keeps coming outlives the deadline, one that trickles does not.
    ///
    /// Method: 30 chunks 50 ms apart, against a deadline of 1 s that 2000 bytes move on.
    @Test(arguments: drips)
    func aBodyIsBoundedByItsProgress(
        name: String,
        chunk: Int,
        isLetFinish: Bool,
        most: Duration
    ) async throws {
        let count = 30 * chunk
        let object = OriginObject(
            key: "k",
            size: UInt64(count),
            modifiedUnixNS: 0,
            version: "v1"
        )
        let range = "bytes 0-\(count - 1)/\(count)"
        let server = try await MisbehavingServer([
            .drip(
                Self.answer(range: range, length: count, body: ""),
                String(repeating: "x", count: chunk),
                count: 30,
                every: .milliseconds(50)
            )
        ])
        var limits = OriginLimits(deadline: .seconds(1), tries: 1)
        limits.bodyProgress = 2000
        limits.longestCall = most
        try await OriginRig.run(limits: limits) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            var outcome: Result<Int, OriginError>
            do throws(OriginError) {
                let body = try await origin.read(object, range: 0..<UInt64(count))
                outcome = .success(body.readableBytes)
            } catch {
                outcome = .failure(error)
            }
            switch outcome {
            case .success(let found): #expect(isLetFinish && found == count, "\(name)")
            case .failure(.timedOut(let afterMS)):
                #expect(!isLetFinish && (1000..<10_000).contains(afterMS), "\(name): \(afterMS) ms")
            case .failure(let error): Issue.record("\(name): \(error)")
            }
        }
        try await server.close()
    }

    @Test func silenceEndsATryNotTheCall() async throws {
        let server = try await MisbehavingServer([
            .sendAndHang(""), .sendAndHang(Self.answer(body: "23")), Self.fine,
        ])
        try await OriginRig.run(limits: Self.limits, idle: .milliseconds(200)) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            let bytes = try await origin.read(Self.object, range: Self.range)
            #expect(String(buffer: bytes) == "2345")
            #expect(rig.records().map(\.byteCount) == [0, 2, 4])
        }
        try await server.close()
    }

    @Test func nobodyListeningIsUnreachable() async throws {
        let server = try await MisbehavingServer([Self.fine])
        try await server.close()
        try await OriginRig.run(limits: Self.limits) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            let error = await #expect(throws: OriginError.self) {
                try await origin.attributes(of: "k")
            }
            guard case .unreachable = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(
                rig.records()
                    == Array(repeating: .init(method: .head, status: 0, byteCount: 0), count: 8)
            )
        }
    }

    // MARK: - Listings

    // swift-format-ignore
    static let listings: [(name: String, body: String)] = [
        ("empty",            ""),
        ("no XML",           "hello"),
        ("HTML",             "<html><body>Welcome</body></html>"),
        ("cut off",          "<ListBucketResult><Contents><Key>a</Key>"),
        ("no size",          "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>"),
        ("no token",         "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
        ("types",            "<!DOCTYPE a [<!ENTITY x \"y\">]><ListBucketResult/>"),
        ("stray key",        "<ListBucketResult><CommonPrefixes><Prefix>zzz/</Prefix></CommonPrefixes></ListBucketResult>"),
    ]

    @Test(arguments: listings)
    func garbageIsNoListing(name: String, body: String) async throws {
        let server = try await MisbehavingServer([
            .send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        ])
        try await OriginRig.run(limits: Self.limits) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            let error = await #expect(throws: OriginError.self, "\(name)") {
                try await origin.list(OriginListQuery(prefix: "a", isDelimited: true))
            }
            guard case .brokenBody = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(server.requests.count == 1)
        }
        try await server.close()
    }
}
