// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Dispatch
import Foundation
import Origins
import Primitives
import Synchronization
import SystemPackage
import TestKit
import Testing

/// What an origin's options mean, and what is said about those that cannot be.
@Suite struct OriginFactoryTests {
    // swift-format-ignore
    static let refused: [(key: String, value: String, why: String)] = [
        ("endpoint",   "example.org",              "option endpoint: 'example.org': write http://host:port or https://host:port"),
        ("endpoint",   "ftp://example.org",        "option endpoint: 'ftp://example.org': write http://host:port or https://host:port"),
        ("endpoint",   "http://",                  "option endpoint: 'http://': host and port only, no path, user or query"),
        ("endpoint",   "http://h/path",            "option endpoint: 'http://h/path': host and port only, no path, user or query"),
        ("endpoint",   "http://u:p@h",             "option endpoint: 'http://u:p@h': host and port only, no path, user or query"),
        ("endpoint",   "http://h:0",               "option endpoint: 'http://h:0': the port is a number from 1 to 65535"),
        ("endpoint",   "http://h:99999",           "option endpoint: 'http://h:99999': the port is a number from 1 to 65535"),
        ("path-style", "yes",                      "option path-style: 'yes' is neither true nor false"),
        ("anonymous",  "1",                        "option anonymous: '1' is neither true nor false"),
        ("region",     "",                         "option region: '' is not a region's name"),
        ("region",     "eu/west",                  "option region: 'eu/west' is not a region's name"),
        ("ca-file",    "/nowhere.pem",             "option ca-file: cannot read /nowhere.pem"),
        ("ca-file",    "/etc/passwd",              "option ca-file: /etc/passwd holds no PEM certificate"),
    ]

    @Test(arguments: refused)
    func anImpossibleOptionIsNamed(key: String, value: String, why: String) async throws {
        try await OriginRig.run { rig in
            #expect(throws: OriginError.misconfigured(why)) {
                try rig.origin("s3://bucket", options: [key: value])
            }
        }
    }

    @Test func anUnknownCredentialIsNamed() async throws {
        try await OriginRig.run { rig in
            #expect(
                throws: OriginError.unknownCredential("lake")
            ) {
                try rig.origin("s3://bucket", credential: "lake")
            }
        }
    }

    // swift-format-ignore
    static let endpoints: [(text: String, authority: String)] = [
        ("http://Example.ORG",        "example.org"),
        ("HTTPS://example.org:443/",  "example.org"),
        ("http://example.org:443",    "example.org:443"),
        ("http://[::1]:9000",         "[::1]:9000"),
        ("http://[::1]",              "[::1]"),
        ("http://127.0.0.1:80",       "127.0.0.1"),
    ]

    @Test(arguments: endpoints)
    func anEndpointHasOneSpelling(text: String, authority: String) throws {
        #expect(try S3Endpoint(text).authority == authority)
    }

    @Test func theSourceOfCredentialsIsDescribedWithoutTheirValue() async throws {
        func describe(
            _ rig: OriginRig,
            _ credential: String?,
            _ options: [MountOption]
        ) throws -> String {
            try rig.factory.describeCredentials(
                of: OriginRequest(
                    location: .s3(bucket: "b", prefix: ""),
                    options: options,
                    credential: credential
                )
            )
        }
        let anonymous = [MountOption(key: "anonymous", value: "true")]
        var said: [String] = []
        try await OriginRig.run(files: ["lake": "/f"], environment: serverEnvironment) { rig in
            said.append(try describe(rig, nil, []))
            said.append(try describe(rig, "lake", []))
            said.append(try describe(rig, nil, anonymous))
        }
        try await OriginRig.run(environment: ["HOME": "/nowhere"]) { rig in
            said.append(try describe(rig, nil, []))
        }
        #expect(
            said == ["AWS environment variables", "local credential lake", "anonymous", "none"]
        )
    }

    // MARK: - Budget

    @Test func aBudgetBoundsWhatRunsAndWhatWaits() async throws {
        let server = try await MisbehavingServer([.sendAndHang("")])
        let limits = OriginLimits(
            deadline: .seconds(1),
            tries: 1,
            requestsInFlight: 3,
            requestsWaiting: 4
        )
        try await OriginRig.run(limits: limits) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            let errors = await withTaskGroup(of: OriginError?.self) { group in
                for _ in 0..<10 {
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
            #expect(errors.filter { $0 == .throttled(status: 0) }.count == 3)
            let late = errors.filter { if case .timedOut = $0 { true } else { false } }
            #expect(late.count == 7)
            // Three at first; who began a moment later inherits the turn of a call that timed out.
            #expect((3...7).contains(server.requests.count))
        }
        try await server.close()
    }

    /// Goal: a directory that hangs keeps as many threads as it has turns, and no other waits for it.
    ///
    /// Method: an observer runs inside the file call; one that blocks makes the call hang past its
    /// deadline. The pool has two threads, the directory one turn.
    @Test func aHungDirectoryKeepsItsTurnsAndNoMore() async throws {
        let scratch = try ScratchDirectory()
        for name in ["hung", "fine"] {
            try FileManager.default.createDirectory(
                atPath: scratch.path(name).string,
                withIntermediateDirectories: true
            )
            try Data([1]).write(to: URL(filePath: scratch.path("\(name)/file").string))
        }
        var limits = OriginLimits(deadline: .milliseconds(500))
        limits.fileCallsInFlight = 1
        let hold = DispatchSemaphore(value: 0)
        let calls = Mutex(0)
        try await OriginRig.run(limits: limits) { rig in
            // Whatever fails: the rig waits for its threads.
            defer { for _ in 0..<1000 { hold.signal() } }
            let hung = try rig.factory.origin(
                for: OriginRequest(
                    location: try OriginLocation(uri: "file://\(scratch.path("hung").string)"),
                    options: [],
                    credential: nil
                )
            ) { _ in
                calls.withLock { $0 += 1 }
                hold.wait()
            }
            // On a busy machine a call may reach its deadline before it has begun.
            for _ in 0..<50 where calls.withLock({ $0 == 0 }) {
                _ = try? await hung.attributes(of: "file")
            }
            for _ in 0..<3 {
                let error = await #expect(throws: OriginError.self) {
                    try await hung.attributes(of: "file")
                }
                guard case .timedOut = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
            #expect(calls.withLock(\.self) == 1)
            let fine = try rig.origin("file://\(scratch.path("fine").string)")
            #expect(try await fine.attributes(of: "file").size == 1)
            for _ in 0..<10 { hold.signal() }
            // Those that nobody waits for any more are not run, so the turn is free at once.
            var isBack = false
            for _ in 0..<20 where !isBack {
                isBack = (try? await hung.attributes(of: "file")) != nil
            }
            #expect(isBack)
        }
    }
}
