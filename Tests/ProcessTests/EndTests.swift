// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// What SIGTERM leaves whole, what it cuts, and what the log says.
    @Suite struct EndTests {
        private static let size = 24 << 20

        /// Goal: an answer under way comes to its end; a watcher is told where to go on.
        @Test func whatIsUnderWayComesToItsEnd() async throws {
            let cluster = try await TarnCluster.formed(1)
            let worker = cluster[1]
            try await cluster.mountDirectory(["x": pattern(Self.size, seed: 1)])
            let watch = try await worker.web.lines("/v1/watch?prefix=mounts/")
            try await waitUntil("the watch") { watch.status == 200 }
            let reader = try Self.reader(of: worker)
            var received = reader.receive(upTo: 1 << 20).count

            worker.send(SIGTERM)
            try await waitUntil("closed; \(watch.lines)") { watch.hasEnded }
            let last = try #require(watch.lines.last)
            let line = try JSONDecoder().decode(WatchLine.self, from: Data(last.utf8))
            guard case .closed = line else {
                Issue.record("the last line is \(last)")
                return
            }
            #expect(worker.process?.exitCode == nil, "an answer is under way")
            while true {
                let part = reader.receive(upTo: 1 << 20)
                if part.isEmpty { break }
                received += part.count
            }
            #expect(received > Self.size, "head and body, was cut")
            reader.close()
            #expect(try await worker.process?.waitForExit(within: .seconds(15)) == 0)
        }

        /// Goal: whoever takes nothing is cut, and only after the grace.
        @Test func aReaderThatStallsIsCutAfterTheGrace() async throws {
            let cluster = try await TarnCluster.formed(1)
            let worker = cluster[1]
            try await cluster.mountDirectory(["x": pattern(Self.size, seed: 1)])
            let reader = try Self.reader(of: worker)
            #expect(reader.receive(upTo: 1000).isEmpty == false)
            let begun = ContinuousClock.now
            worker.send(SIGTERM)
            #expect(try await worker.process?.waitForExit(within: .seconds(20)) == 0)
            let taken = ContinuousClock.now - begun
            #expect(taken > .seconds(4) && taken < .seconds(12), "5 s on a quiet machine")
            #expect(worker.log.split(separator: "\n").last?.contains("reason=SIGTERM") == true)
        }

        /// Goal: readers of a store that hangs delay neither leadership nor the exit.
        @Test func aHangingOriginDelaysNothing() async throws {
            let store = try await SilentStore()
            let cluster = try await TarnCluster.formed()
            let leader = try await cluster.leader()
            try await cluster.done([
                "mount", "add", "/data/s", "s3://lake", "--no-check",
                "--option", "endpoint=\(store.endpoint)", "--option", "path-style=true",
                "--option", "region=us-east-1", "--option", "anonymous=true",
            ])
            try await leader.until("the mount") {
                try await leader.web.get("/v1/mount?path=/data/s").status == 200
            }
            // Of so many files each worker owns some: readers wait here and for neighbours.
            let targets = ["list?path=/data/s"] + (0..<24).map { "files/data/s/f\($0)" }
            let readers = try targets.map { target in
                let reader = try RawSocket(port: leader.ports.http)
                let head = "GET /v1/\(target) HTTP/1.1\r\nHost: x\r\nTarn-Request-Id: q-7\r\n"
                reader.send(Array("\(head)\r\n".utf8))
                return reader
            }
            try await waitUntil("requests without an answer") { store.unansweredCount >= 25 }

            let begun = ContinuousClock.now
            leader.send(SIGTERM)
            let other = cluster.workers.first { $0.name != leader.name } ?? cluster[1]
            try await other.until("a write", within: .seconds(20)) {
                try await other.putMount("/data/b", "file:///tmp", ["If-Match": "*"]).status < 300
            }
            #expect(ContinuousClock.now - begun < .seconds(3), "1 s on a quiet machine")
            let code = try await leader.process?.waitForExit(within: .seconds(20))
            #expect(code == 0, "\(leader.logEnd)")
            #expect(ContinuousClock.now - begun < .seconds(11), "6 s on a quiet machine")
            #expect(!leader.log.contains("cut off"), "\(leader.logEnd)")
            // What ended here names the request it was for.
            let ended = leader.log.split(separator: "\n").filter { $0.contains("a fill failed") }
            #expect(
                !ended.isEmpty && ended.allSatisfy { $0.contains("request.id=q-7") },
                "\(ended)"
            )
            for reader in readers { reader.close() }
        }

        @Test func aSignalDuringTheStartEndsItInOrder() async throws {
            let cluster = try TarnCluster(1)
            let worker = cluster[1]
            try cluster.start()
            try await worker.until("the first line") { worker.log.contains("worker starting") }
            worker.send(SIGHUP)
            worker.send(SIGTERM)
            #expect(try await worker.process?.waitForExit(within: .seconds(15)) == 0)
            #expect(worker.log.split(separator: "\n").last?.contains("reason=SIGTERM") == true)
        }

        @Test(arguments: ["info", "critical"])
        func aRefusedDirectoryHasAFirstAndALastLine(_ level: String) async throws {
            let cluster = try TarnCluster(1, flags: ["--log-level", level])
            let worker = cluster[1]
            try FileManager.default.createDirectory(
                atPath: worker.dataDirectory,
                withIntermediateDirectories: true
            )
            try Data("mine".utf8).write(to: URL(filePath: "\(worker.dataDirectory)/thesis.txt"))
            try cluster.start()
            #expect(try await worker.process?.waitForExit(within: .seconds(15)) == 4)
            let lines = worker.log.split(separator: "\n")
            try #require(lines.count == 2, "\(worker.log)")
            for fact in ["version=", "commit=", "worker=w1", "cluster=none", "http=127.0.0.1:"] {
                #expect(lines[0].contains(fact), "\(fact) in \(lines[0])")
            }
            #expect(lines[1].contains("worker ended") && lines[1].contains("thesis.txt"))
        }

        /// Asks for the file and takes nothing yet.
        private static func reader(of worker: TarnWorker) throws -> RawSocket {
            let reader = try RawSocket(port: worker.ports.http)
            let request = "GET /v1/files/data/a/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            reader.send(Array(request.utf8))
            return reader
        }
    }
}
