// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import Testing

import tarn

/// Goal: the built binary against workers that refuse, break, wait and answer.
@Suite struct ClientTests {
    private static let nobody = "127.0.0.1:9"  // discard: nothing listens there
    private static let noWorkers = FakeAnswer.json(200, #"{"items":[],"next":null}"#)

    static let mount = """
        {"path":"/m","origin":"s3://b","options":{},"credential":null,"regions":{},"write":"none",\
        "replicas":1,"metadataTtl":"60s","onStale":"serve","createRevision":5,"modRevision":7,\
        "originId":1}
        """

    // swift-format-ignore
    static let statuses: [(status: Int, code: String, exit: Int32)] = [
        (400, "bad-path", 64), (400, "bad-value", 64), (401, "not-authorised", 9),
        (403, "not-authorised", 9), (404, "not-found", 3), (409, "mount-exists", 1),
        (409, "unsafe", 4), (412, "revision-mismatch", 1), (422, "unknown-credential", 1),
        (503, "not-initialised", 1), (503, "behind", 1), (503, "no-quorum", 5), (504, "timeout", 7),
        (404, "a-code-of-the-future", 3), (403, "another-one", 9), (599, "yet-another", 1),
    ]

    @Test(arguments: statuses)
    func problemsDecideTheExitStatus(row: (status: Int, code: String, exit: Int32)) async throws {
        let worker = try await FakeWorker { _, _ in .problem(row.status, row.code) }
        let ran = try await tarn(["mount", "show", "/m", "--addr", worker.address])
        #expect(ran.status == row.exit)
        #expect(ran.output.isEmpty && ran.error.contains("[\(row.code)]"))
        #expect(worker.asked.count == 1)
        await worker.stop()
    }

    @Test func theProblemDocumentGoesToStandardError() async throws {
        let worker = try await FakeWorker { _, _ in .problem(503, "no-quorum") }
        let ran = try await tarn(["worker", "list", "-o", "json", "--addr", worker.address])
        #expect(ran.status == 5 && ran.output.isEmpty)
        let document = try JSONDecoder().decode(ProblemDocument.self, from: Data(ran.error.utf8))
        #expect(document.knownCode == .noQuorum && document.detail == "d")
        await worker.stop()
    }

    /// What this release does not know of a problem is printed as it came.
    @Test func aProblemKeepsEveryMemberItCameWith() async throws {
        let body = """
            {"type":"about:blank","title":"T","status":404,"code":"not-found","detail":"d",\
            "requestId":"r-1","later":{"deep":[1,2.5,null]}}
            """
        let worker = try await FakeWorker { _, _ in .json(404, body) }
        let ran = try await tarn(["mount", "show", "/m", "-o=json", "--addr", worker.address])
        let printed = try JSONSerialization.jsonObject(with: Data(ran.error.utf8))
        let members = try #require(printed as? [String: Any])
        #expect(members["requestId"] as? String == "r-1")
        #expect(members["code"] as? String == "not-found")
        let deep = (members["later"] as? [String: Any])?["deep"] as? [Any]
        #expect(deep?.count == 3 && deep?[0] as? Int == 1 && deep?[1] as? Double == 2.5)
        await worker.stop()
    }

    @Test func addressesAreTriedInTurnAndTheLastFlagCounts() async throws {
        let worker = try await FakeWorker { _, _ in Self.noWorkers }
        let addr = "\(Self.nobody),\(worker.address)"
        for words in [
            ["--addr", addr, "worker", "list"], ["worker", "--addr", addr, "list"],
            ["worker", "list", "--addr", addr],
            ["--addr", Self.nobody, "worker", "--addr", "x", "list", "--addr", addr],
        ] {
            let ran = try await tarn(words)
            #expect(ran.status == 0, "\(words) \(ran.error)")
        }
        let byVariable = try await tarn(["worker", "list"], environment: ["TARN_ADDR": addr])
        #expect(byVariable.status == 0)
        await worker.stop()
    }

    @Test func nobodyReachableSaysSoAtOnce() async throws {
        let began = ContinuousClock.now
        let ran = try await tarn(
            ["worker", "list", "--addr", "\(Self.nobody),localhost:9", "--timeout", "10m"]
        )
        #expect(ran.status == 8)
        #expect(ran.error.contains("\(Self.nobody): connection refused"))
        #expect(ContinuousClock.now - began < .seconds(300), "it waited for its timeout")
    }

    @Test func silenceEndsWithTheTimeout() async throws {
        let worker = try await FakeWorker { _, _ in .silence }
        let ran = try await tarn(["worker", "list", "--addr", worker.address, "--timeout", "300ms"])
        #expect(ran.status == 7)
        #expect(ran.error.contains("[timeout]"))
        await worker.stop()
    }

    // swift-format-ignore
    static let passing: [FakeAnswer] = [
        .problem(503, "no-leader"), .problem(503, "outcome-unknown"), .problem(429, "overloaded"),
        .broken,
    ]

    @Test(arguments: passing.indices)
    func whatPassesIsTriedAgainUnderOneKey(index: Int) async throws {
        let worker = try await FakeWorker { _, number in
            number < 2 ? Self.passing[index] : .json(201, Self.mount)
        }
        let ran = try await tarn(["mount", "add", "/m", "s3://b", "--addr", worker.address])
        #expect(ran.status == 0, "\(ran.error)")
        let keys = worker.asked.compactMap { $0.header("Idempotency-Key") }
        #expect(keys.count == 3 && Set(keys).count == 1, "\(keys)")
        #expect(worker.asked.allSatisfy { $0.line == "PUT /v1/mount?path=/m&check=true" })
        await worker.stop()
    }

    /// The worker takes the write and dies: whether it took effect is for nobody to say.
    @Test(arguments: [FakeAnswer.broken, .problem(503, "outcome-unknown", outcome: "unknown")])
    func aWriteThatWasLostIsNoRefusal(first: FakeAnswer) async throws {
        let worker = try await FakeWorker { _, _ in .last(first) }
        let ran = try await tarn([
            "mount", "add", "/m", "s3://b", "--addr", worker.address, "--timeout", "5s", "-o",
            "json",
        ])
        #expect(ran.status == 1, "\(ran.error)")
        let document = try JSONDecoder().decode(ProblemDocument.self, from: Data(ran.error.utf8))
        #expect(document.code == "connection-lost" && document.outcome == .unknown)
        #expect(document.detail.contains("connection refused"))
        await worker.stop()
    }

    @Test func aWorkerThatComesBackTakesTheLostWrite() async throws {
        let worker = try await FakeWorker { _, _ in .last(.broken) }
        async let running = tarn(["mount", "add", "/m", "s3://b", "--addr", worker.address])
        await worker.untilItRefuses()
        let restarted = try await FakeWorker(port: worker.port) { _, _ in .json(201, Self.mount) }
        let ran = try await running
        #expect(ran.status == 0, "\(ran.error)")
        let keys = (worker.asked + restarted.asked).map { $0.header("Idempotency-Key") }
        #expect(keys.count == 2 && Set(keys).count == 1)
        await restarted.stop()
    }

    /// What a later attempt was refused for says nothing about the first one.
    @Test func aRefusalAfterALossLeavesTheOutcomeOpen() async throws {
        let worker = try await FakeWorker { _, number in
            number == 0 ? .broken : .problem(503, "no-quorum", outcome: "not-applied")
        }
        let ran = try await tarn(["mount", "add", "/m", "s3://b", "--addr", worker.address])
        #expect(ran.status == 5 && ran.error.contains("may or may not have taken effect"))
        await worker.stop()
    }

    // swift-format-ignore
    static let hanging: [(words: [String], answer: FakeAnswer)] = [
        (["worker", "list"],             noWorkers),
        (["mount", "add", "/m", "s3://b"], .json(201, mount)),
        (["fs", "cat", "/f"],            .file([1], version: "v")),
    ]

    @Test(arguments: hanging.indices)
    func aSilentAddressLeavesTimeForTheOthers(row: Int) async throws {
        let row = Self.hanging[row]
        let silent = try await FakeWorker { _, _ in .silence }
        let worker = try await FakeWorker { _, _ in row.answer }
        let addr = "\(silent.address),\(worker.address)"
        let ran = try await tarn(row.words + ["--addr", addr, "--timeout", "3s"])
        #expect(ran.status == 0, "\(ran.error)")
        #expect(silent.asked.count == 1 && worker.asked.count == 1)
        let keys = (silent.asked + worker.asked).map { $0.header("Idempotency-Key") }
        #expect(Set(keys).count == 1, "a write has one key wherever it goes")
        await silent.stop()
        await worker.stop()
    }

    @Test func aSilentWriteMayHaveTakenEffect() async throws {
        let worker = try await FakeWorker { _, _ in .silence }
        let ran = try await tarn([
            "mount", "add", "/m", "s3://b", "--addr", worker.address, "--timeout", "300ms",
        ])
        #expect(ran.status == 7 && ran.error.contains("may or may not have taken effect"))
        await worker.stop()
    }

    @Test func twoWritesHaveTwoKeys() async throws {
        let worker = try await FakeWorker { _, _ in .json(201, Self.mount) }
        for _ in 0..<2 {
            _ = try await tarn(["mount", "add", "/m", "s3://b", "--addr", worker.address])
        }
        #expect(
            Set(worker.asked.compactMap { $0.header("Idempotency-Key") }).count == 2
        )
        await worker.stop()
    }

    @Test func aLeaderThatNeverComesIsReportedAsSuch() async throws {
        let worker = try await FakeWorker { _, _ in .problem(503, "no-leader") }
        let ran = try await tarn(
            ["mount", "add", "/m", "s3://b", "--addr", worker.address, "--timeout", "1s"]
        )
        #expect(ran.status == 1 && ran.error.contains("[no-leader]"))
        #expect(worker.asked.count > 1)
        await worker.stop()
    }

    @Test func listsAreFollowedToTheirEnd() async throws {
        let row = Self.mount
        let worker = try await FakeWorker { asked, _ in
            asked.target.contains("after=")
                ? .json(200, #"{"items":[\#(row)],"next":null}"#)
                : .json(200, #"{"items":[\#(row),\#(row)],"next":"a b"}"#)
        }
        let ran = try await tarn(["mount", "list", "-o", "json", "--addr", worker.address])
        let items = try JSONSerialization.jsonObject(with: Data(ran.output)) as? [[String: Any]]
        #expect(items?.count == 3)
        #expect(items?.first?["modRevision"] as? Int == 7)
        #expect(worker.asked.map(\.target) == ["/v1/mounts", "/v1/mounts?after=a%20b"])
        let table = try await tarn(["mount", "list", "--addr", worker.address])
        #expect(table.text.split(separator: "\n").count == 4)
        #expect(!table.text.contains("\u{1B}"), "colours without a terminal")
        await worker.stop()
    }

    @Test func anAnswerThatIsNoJSONIsNoCrash() async throws {
        let worker = try await FakeWorker { _, _ in .json(200, "<html>") }
        let ran = try await tarn(["mount", "show", "/m", "--addr", worker.address])
        #expect(ran.status == 1 && ran.error.contains("[bad-answer]"))
        await worker.stop()
    }

    @Test func statusWithoutAQuorumPrintsAndExitsFive() async throws {
        let worker = try await FakeWorker { _, _ in
            .json(
                200,
                """
                {"cluster":"c","generation":1,"revision":4,"term":2,"leader":null,\
                "quorum":{"have":1,"need":2},"voters":[\
                {"name":"w2","region":"r","zone":"z","reachable":false,"trailsLeaderBy":null}],\
                "learners":[],"relays":[],"observers":0,"regions":{},"alarms":[]}
                """
            )
        }
        let ran = try await tarn(["cluster", "status", "--addr", worker.address])
        #expect(ran.status == 5 && ran.text.contains("NO QUORUM"))
        #expect(ran.error.contains("2 are needed; unreachable: w2 [no-quorum]"))
        let asked = try await tarn(["cluster", "status", "-o", "json", "--addr", worker.address])
        let problem = try JSONDecoder().decode(ProblemDocument.self, from: Data(asked.error.utf8))
        #expect(asked.status == 5 && problem.knownCode == .noQuorum && problem.next != nil)
        _ = try JSONSerialization.jsonObject(with: Data(asked.output))
        await worker.stop()
    }
}
