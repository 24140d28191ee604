// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// Signals: SIGTERM ends in order, systemd hears of it, a stopped process is passed by.
    @Suite struct SignalTests {
        @Test func aLeaderAskedToEndHandsOverAndExitsClean() async throws {
            let cluster = try await TarnCluster.formed()
            for round in 0..<3 {
                let leader = try await cluster.leader()
                let other = cluster.workers.first { $0.name != leader.name } ?? cluster[1]
                let begun = ContinuousClock.now
                leader.send(SIGTERM)
                // Held until there is a leader: the answer itself shows the gap.
                var status = 0
                try await other.until("a write, \(status)", within: .seconds(20)) {
                    status = try await other.putMount("/data/r\(round)", "file:///tmp").status
                    return status == 201
                }
                let gap = ContinuousClock.now - begun
                #expect(gap < .seconds(3), "1 s on a quiet machine")
                let code = try await leader.process?.waitForExit(within: .seconds(15))
                #expect(code == 0, "\(leader.logEnd)")
                #expect(ContinuousClock.now - begun < .seconds(12), "10 s on a quiet machine")
                let last = leader.log.split(separator: "\n").last ?? ""
                #expect(last.contains("SIGTERM"), "\(last)")
                let first = leader.log.split(separator: "\n").first ?? ""
                for fact in ["version", "commit", "worker=\(leader.name)", "cluster", "http="] {
                    #expect(first.contains(fact), "\(fact) in \(first)")
                }
                try leader.start()
                try await leader.untilReady()
            }
        }

        @Test func systemdIsToldWhenAWorkerIsReadyAndWhenItEnds() async throws {
            let scratch = try ScratchDirectory()
            let path = "\(scratch.path("notify"))"
            let inbox = try DatagramInbox(path: path)
            let cluster = try TarnCluster(1, environment: ["NOTIFY_SOCKET": path])
            let worker = cluster[1]
            try cluster.start()
            try await worker.untilAlive()
            #expect(inbox.next() == nil, "ready before init")
            let formed = try await cluster.tarn(["cluster", "init"])
            #expect(formed.status == 0, "\(formed.summary)")
            var told: String?
            try await worker.until("READY=1") {
                told = inbox.next()
                return told != nil
            }
            #expect(told == "READY=1")
            #expect(try await worker.web.get("/readyz").status == 200)
            worker.send(SIGTERM)
            #expect(try await worker.process?.waitForExit() == 0)
            #expect(inbox.next() == "STOPPING=1")
        }

        /// Goal: an owner that hangs, its connections open, fails no read and holds none up for long.
        @Test func aStoppedOwnerFailsNoRead() async throws {
            let cluster = try await TarnCluster.formed()
            var files: [String: [UInt8]] = [:]
            for number in 0..<24 { files["f\(number)"] = pattern(200_000, seed: UInt64(number)) }
            try await cluster.mountDirectory(files)
            let leader = try await cluster.leader()
            let others = cluster.workers.filter { $0.name != leader.name }
            let (stopped, asked) = (others[0], others[1])
            for name in files.keys {
                _ = try await leader.web.get("/v1/files/data/a/\(name)")
            }

            stopped.send(SIGSTOP)
            defer { stopped.send(SIGCONT) }
            var slowest = Duration.zero
            for (name, content) in files.sorted(by: { $0.key < $1.key }) {
                let begun = ContinuousClock.now
                let answer = try await asked.web.get("/v1/files/data/a/\(name)")
                #expect(answer.status == 200, "\(name): \(answer.text.prefix(300))")
                #expect(answer.body == content, "\(name)")
                slowest = max(slowest, ContinuousClock.now - begun)
            }
            #expect(slowest < .seconds(6), "3 s on a quiet machine")
            stopped.send(SIGCONT)
            try await stopped.untilReady()
        }

        @Test func aStoppedWorkerCatchesUpWhenItGoesOn() async throws {
            let cluster = try await TarnCluster.formed()
            let leader = try await cluster.leader()
            leader.send(SIGSTOP)
            let other = cluster.workers.first { $0.name != leader.name } ?? cluster[1]
            try await other.until("a write without the old leader") {
                try await other.putMount("/data/a", "file:///tmp", ["If-Match": "*"]).status < 300
            }
            leader.send(SIGCONT)
            try await leader.until("the change at the old leader") {
                try await leader.web.get("/v1/mount?path=/data/a").status == 200
            }
            #expect(try await cluster.leader().name != leader.name)
        }
    }
}
