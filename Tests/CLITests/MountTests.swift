// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import Testing

import tarn

@Suite struct MountTests {
    @Test func addSendsWhatWasGiven() async throws {
        let worker = try await FakeWorker { _, _ in .json(201, ClientTests.mount) }
        let ran = try await tarn([
            "mount", "add", "/m", "s3://b", "--option", "endpoint=http://h:1?a=b", "--origin",
            "us=s3://b-us", "--region-option", "us:region=us-1", "--region-credential", "us=k2",
            "--credential", "k1", "--replicas", "2", "--metadata-ttl", "immutable", "--on-stale",
            "fail:30s", "--no-check", "--addr", worker.address,
        ])
        #expect(ran.status == 0, "\(ran.error)")
        let asked = try #require(worker.asked.first)
        #expect(asked.line == "PUT /v1/mount?path=/m")
        let body = try JSONDecoder().decode(MountRequest.self, from: Data(asked.body.utf8))
        #expect(
            body
                == MountRequest(
                    origin: "s3://b",
                    options: ["endpoint": "http://h:1?a=b"],
                    credential: "k1",
                    regions: [
                        "us": MountRegionRequest(
                            origin: "s3://b-us",
                            options: ["region": "us-1"],
                            credential: "k2"
                        )
                    ],
                    replicas: 2,
                    metadataTtl: "immutable",
                    onStale: "fail:30s"
                )
        )
        await worker.stop()
    }

    // swift-format-ignore
    static let again: [(flags: [String], exit: Int32)] = [
        ([],                       0),
        (["--replicas", "1"],      0),
        (["--metadata-ttl", "1m"], 0),
        (["--on-stale", "serve"],  0),
        (["--metadata-ttl", "61s"], 1),
        (["--replicas", "2"],      1),
        (["--option", "a=b"],      1),
        (["--origin", "r=s3://x"], 1),
    ]

    @Test(arguments: again)
    func addingAnEqualMountIsNoError(row: (flags: [String], exit: Int32)) async throws {
        let worker = try await FakeWorker { asked, _ in
            asked.method == "PUT"
                ? .problem(409, "mount-exists") : .json(200, ClientTests.mount)
        }
        let ran = try await tarn(
            ["mount", "add", "/m", "s3://b", "--addr", worker.address] + row.flags
        )
        #expect(ran.status == row.exit)
        #expect(ran.text.contains("exists and is equal") == (row.exit == 0))
        await worker.stop()
    }

    // swift-format-ignore
    static let spellings: [(origin: String, region: String, isEqual: Bool)] = [
        ("s3://b/p",   "s3://b-us/q",    true),
        ("s3://b/p/",  "s3://b-us/q/",   true),
        ("s3://b/p//", "s3://b-us/q",    false),
        ("s3://b/p",   "s3://b-us",      false),
        ("s3://b",     "s3://b-us/q",    false),
        ("file:///p",  "file:///q",      false),
    ]

    @Test(arguments: spellings)
    func equalMeansTheSamePlace(row: (origin: String, region: String, isEqual: Bool)) throws {
        let stored = MountDocument(
            path: "/m",
            origin: "s3://b/p/",
            options: [:],
            credential: nil,
            regions: [
                "us": MountRegionDocument(
                    origin: "s3://b-us/q",
                    options: nil,
                    credential: nil,
                    originId: 2
                )
            ],
            write: "none",
            replicas: 1,
            metadataTtl: "60s",
            onStale: "fail:60s",
            createRevision: 1,
            modRevision: 1,
            originId: 1
        )
        let asked = MountRequest(
            origin: row.origin,
            regions: ["us": MountRegionRequest(origin: row.region)],
            onStale: "fail:1m"
        )
        #expect(stored.isEqual(to: asked) == row.isEqual)
    }

    /// `--barrier` promises the same whether the mount was made now or was there.
    @Test(arguments: [
        ["mount", "add", "/m", "s3://b"], ["mount", "update", "/m", "--replicas", "1"],
    ])
    func anEqualMountPassesTheBarrierToo(words: [String]) async throws {
        let worker = try await FakeWorker { asked, _ in
            switch asked.method {
            case "PUT": .problem(409, "mount-exists")
            case _ where asked.target.contains("barrier=true"):
                .json(
                    200,
                    ClientTests.mount.dropLast() + #","barrier":{"complete":true,"regions":[]}}"#
                )
            default: .json(200, ClientTests.mount)
            }
        }
        let ran = try await tarn(words + ["--barrier", "--addr", worker.address])
        #expect(ran.status == 0, "\(ran.error)")
        #expect(worker.asked.last?.target.contains("barrier=true") == true)
        await worker.stop()
    }

    @Test func aMountThatIsSoAlreadyIsNotWrittenAgain() async throws {
        let worker = try await FakeWorker { _, _ in .json(200, ClientTests.mount) }
        let ran = try await tarn([
            "mount", "update", "/m", "--replicas", "1", "--metadata-ttl", "1m", "--addr",
            worker.address,
        ])
        #expect(ran.status == 0 && ran.text.contains("is so already"), "\(ran.error)")
        #expect(worker.asked.allSatisfy { $0.method == "GET" })
        await worker.stop()
    }

    @Test func showSaysWhereTheCredentialsComeFrom() async throws {
        let described = ClientTests.mount.dropLast() + #","credentialSource":"environment"}"#
        let worker = try await FakeWorker { _, _ in .json(200, String(described)) }
        let ran = try await tarn(["mount", "show", "/m", "--addr", worker.address])
        #expect(ran.text.contains(#/credential source +environment\n/#))
        await worker.stop()
    }

    @Test func updateChangesOneThingUnderTheRevisionItSaw() async throws {
        let worker = try await FakeWorker { _, _ in
            .json(200, ClientTests.mount, headers: [("Tarn-Revision", "9")])
        }
        let ran = try await tarn(
            ["mount", "update", "/m", "--replicas", "3", "--addr", worker.address]
        )
        #expect(ran.status == 0, "\(ran.error)")
        let put = try #require(worker.asked.last)
        #expect(put.method == "PUT")
        #expect(put.header("If-Match") == "\"7\"")
        #expect(put.header("Tarn-Min-Revision") == "9")
        let body = try JSONDecoder().decode(MountRequest.self, from: Data(put.body.utf8))
        #expect(body.replicas == 3 && body.origin == "s3://b" && body.metadataTtl == "60s")
        await worker.stop()
    }

    /// The condition is what the history showed: the newest revision, or that there is none.
    @Test(arguments: [
        (#"{"revision":9,"type":"put","time":null,"value":@}"#, "\"7\""),
        (#"{"revision":9,"type":"delete","time":null,"value":null}"#, "\"0\""),
    ])
    func rollbackWritesUnderTheRevisionItSaw(newest: String, condition: String) async throws {
        let now = ClientTests.mount.replacing("s3://b", with: "s3://other")
        let first = #"{"revision":5,"type":"put","time":null,"value":\#(ClientTests.mount)}"#
        let items = "\(first),\(newest.replacing("@", with: now))"
        let worker = try await FakeWorker { asked, _ in
            asked.method == "PUT"
                ? .problem(412, "revision-mismatch")
                : .json(200, #"{"items":[\#(items)],"next":null,"compactedThrough":0}"#)
        }
        let ran = try await tarn(
            ["mount", "rollback", "/m", "--revision", "5", "--yes", "--addr", worker.address]
        )
        #expect(ran.status == 1, "\(ran.error)")
        let put = try #require(worker.asked.last)
        #expect(put.line == "PUT /v1/mount?path=/m&check=true")
        #expect(put.header("If-Match") == condition)
        let body = try JSONDecoder().decode(MountRequest.self, from: Data(put.body.utf8))
        #expect(body.origin == "s3://b")
        await worker.stop()
    }

    @Test func updateWithoutAChangeIsWrongUsage() async throws {
        let worker = try await FakeWorker { _, _ in .json(200, ClientTests.mount) }
        let ran = try await tarn(["mount", "update", "/m", "--addr", worker.address])
        #expect(ran.status == 64)
        #expect(worker.asked.allSatisfy { $0.method == "GET" })
        await worker.stop()
    }

    @Test func removeAsksAndWithoutATerminalDoesNothing() async throws {
        let worker = try await FakeWorker { _, _ in .json(200, ClientTests.mount) }
        let refused = try await tarn(["mount", "remove", "/m", "--addr", worker.address])
        #expect(refused.status == 64 && worker.asked.isEmpty)
        let removed = try await tarn(["mount", "remove", "/m", "--yes", "--addr", worker.address])
        #expect(removed.status == 0)
        #expect(worker.asked.map(\.line) == ["DELETE /v1/mount?path=/m"])
        await worker.stop()
    }

    @Test func quietConfirmsNothing() async throws {
        let worker = try await FakeWorker { _, _ in .json(201, ClientTests.mount) }
        let ran = try await tarn(["-q", "mount", "add", "/m", "s3://b", "--addr", worker.address])
        #expect(ran.status == 0 && ran.output.isEmpty && ran.error.isEmpty)
        await worker.stop()
    }
}
