// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Glibc
import TestKit
import Testing

extension ProcessTests {
    /// Changes of the mount table that return when every region has them.
    @Suite struct MountBarrierTests {
        @Test func theBarrierKnowsWhoHasIt() async throws {
            let cluster = try await TarnCluster.formed(1, flags: ["--region", "ap"])
            let far = try cluster.additional("far", flags: ["--region", "us"])
            defer { far.kill() }
            try far.start(join: cluster.peers)
            try await far.untilReady()

            // Each change is in every region when its answer comes.
            for replicas in [2, 3, 4, 2, 3, 4] {
                let put = try await cluster[1].web.call(
                    "PUT",
                    "/v1/mount?path=/data/a&barrier=true",
                    ["If-Match": "*"],
                    body: #"{"origin":"s3://lake","replicas":\#(replicas)}"#
                )
                let stored = try put.document(MountDocument.self)
                #expect(stored.barrier?.complete == true, "\(put.text)")
                #expect(stored.barrier?.regions.map(\.region) == ["ap", "us"])
                let local = try await far.web.get("/v1/mount?path=/data/a&consistency=local")
                #expect(try local.document(MountDocument.self).modRevision == stored.modRevision)
            }

            far.send(SIGSTOP)
            let update = ["mount", "update", "/data/a", "--no-check", "--barrier"]
            let late = try await cluster.tarn(update + ["--replicas", "2", "--timeout", "4s"])
            #expect(late.status == 6, "\(late.summary)")
            #expect(late.errors.contains("region us: far"), "\(late.summary)")
            far.send(SIGCONT)
            let again = try await cluster.tarn(update + ["--replicas", "2"])
            #expect(again.status == 0 && again.output.contains("so already"), "\(again.summary)")
        }

        /// A worker that is out of reach holds nobody up longer than it may use what it has.
        @Test func whoRefusesStaleReadsIsNotWaitedForForEver() async throws {
            let cluster = try await TarnCluster.formed(1, flags: ["--region", "ap"])
            let far = try cluster.additional("far", flags: ["--region", "us"])
            defer { far.kill() }
            try far.start(join: cluster.peers)
            try await far.untilReady()
            let root = try await cluster.mountDirectory(at: "/data/a", ["x": [1]])
            try await cluster.done(
                ["mount", "update", "/data/a", "--on-stale", "fail:2s", "--barrier"]
            )
            far.send(SIGSTOP)  // It has said that it has the strict mount: the barrier asked.
            let began = ContinuousClock.now
            let update = try await cluster.tarn(
                ["mount", "update", "/data/a", "--replicas", "2", "--barrier"]
            )
            let spent = ContinuousClock.now - began
            #expect(update.status == 0, "\(update.summary) \(root)")
            #expect(update.errors.contains("region us: far"), "\(update.summary)")
            #expect(spent >= .seconds(3) && spent < .seconds(20), "\(spent)")
            far.send(SIGCONT)
        }
    }
}
