// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// Workers that stand still: nothing resets their connections, nothing answers.
    @Suite struct SilenceTests {
        /// Goal: silence moves nothing until it is long, or forced, and no read fails meanwhile.
        ///
        /// Short: nothing. Two of five for a minute: the ring is held, until a person forces it. Whoever
        /// comes back has its place again.
        @Test func silenceMovesNothingUntilItIsLongOrForced() async throws {
            let cluster = try await TarnCluster.formed(5)
            try await cluster[1].untilSettled(workers: 5)
            let files = try await FileSet.mounted(on: cluster, small: 40, largeMebibytes: 64)
            try await files.readWhole(through: cluster[1])
            let epoch = try await cluster[1].ring().epoch
            let voters = try await cluster[1].cluster().voters.map(\.name)
            let others = cluster.workers.filter { !voters.contains($0.name) }
            let asked = cluster.workers.filter { voters.contains($0.name) }
            try #require(others.count == 2)

            let load = ReadLoad(files, at: asked)
            let result = try await load.run(readers: 2) {
                others[0].send(SIGSTOP)
                try await asked[0].until("one is dead", within: .seconds(30)) {
                    try await asked[0].liveness(of: others[0].name) == "dead"
                }
                others[0].send(SIGCONT)
                try await asked[0].until("it is back", within: .seconds(30)) {
                    try await asked[0].liveness(of: others[0].name) == "alive"
                }
                #expect(try await asked[0].ring().epoch == epoch, "nothing moves")

                for worker in others { worker.send(SIGSTOP) }
                try await asked[0].until("the ring is held", within: .seconds(120)) {
                    try await asked[0].ring().heldFor.sorted() == others.map(\.name).sorted()
                }
                #expect(try await asked[0].ring().epoch == epoch, "it is only held")
                let alarms = try await asked[1].web.get("/v1/alarms").text
                #expect(alarms.contains("ring-held"), "\(alarms)")
                #expect(try await asked[1].metric(#"tarn_alarm{kind="ring-held"}"#) == 1)

                try await cluster.done(["ring", "force"], at: asked[0])
                #expect(try await asked[0].ring().workers.count == 3)
                try await asked[0].untilSettled(workers: 3)
                for worker in others { worker.send(SIGCONT) }
                try await asked[0].until("all are back", within: .seconds(60)) {
                    try await asked[0].listedWorkers().allSatisfy { $0.state == "active" }
                }
                try await asked[0].untilSettled(workers: 5)
            }
            for worker in others { worker.send(SIGCONT) }
            print("\(result.count) reads, longest \(result.longest)")
            #expect(result.failures.isEmpty, "\(result.failures)")
            #expect(result.longest < .seconds(8), "2 s on a quiet machine")
            try await files.readWhole(through: others[0])
        }
    }
}

extension TarnWorker {
    func ring(consistency: String = "linearizable") async throws -> RingDocument {
        try await web.get("/v1/ring?consistency=\(consistency)").document(RingDocument.self)
    }
}
