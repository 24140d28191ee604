// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    @Suite struct FormationTests {
        @Test func initReturnsOnceEveryVoterHasCommitted() async throws {
            let cluster = try await TestCluster(count: 3)
            try await cluster.ending {
                for worker in cluster.workers {
                    #expect(try worker.node.readiness() == .waiting(.waitingForInit))
                    await #expect(throws: CoordinationError.notInitialised) {
                        try await worker.node.submit(put("/a"), within: .seconds(1))
                    }
                }
                let formed = try await cluster[1].node.initialise(
                    TestCluster.request(),
                    within: .seconds(20)
                )
                let entry = formed.entry
                #expect(entry.voters == [NodeID(1), NodeID(2), NodeID(3)])
                #expect(formed.voters == ["w1", "w2", "w3"])
                for worker in cluster.workers {  // At once: that is what init waited for.
                    #expect(try worker.node.view().catalog.cluster?.id == entry.id)
                    #expect(try worker.node.readiness() == .ready)
                }
                await #expect(throws: CoordinationError.self, "a second init is refused") {
                    try await cluster[2].node.initialise(
                        TestCluster.request(),
                        within: .seconds(5)
                    )
                }
            }
        }

        @Test func aWorkerWithoutAVoteNamesTheVotersItFormed() async throws {
            let cluster = try await TestCluster(count: 4)
            try await cluster.ending {
                let formed = try await cluster[3].node.initialise(
                    TestCluster.request(),
                    within: .seconds(20)
                )
                #expect(formed.voters == ["w1", "w2", "w3"])
                #expect(!cluster[3].isVoter)
                try await cluster[3].node.wait(for: Revision(1), within: .seconds(20))
                #expect(try cluster[3].node.view().catalog.cluster == formed.entry)
            }
        }

        /// Goal: of concurrent inits one succeeds and the others see its cluster; none waits in vain.
        @Test(arguments: [1, 3])
        func ofConcurrentInitsOneSucceeds(voters: Int) async throws {
            let cluster = try await TestCluster(count: 3)
            try await cluster.ending {
                // Twice on the first: there, the second waits for the first.
                let successes = await withTaskGroup(of: Bool.self) { group in
                    for worker in cluster.workers + [cluster[0]] {
                        group.addTask {
                            let request = TestCluster.request(voters: voters)
                            return
                                (try? await worker.node.initialise(
                                    request,
                                    within: .seconds(30)
                                )) != nil
                        }
                    }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(successes == 1)
                let clusters = try cluster.workers.compactMap { try $0.node.status().cluster }
                #expect(Set(clusters).count == 1)
            }
        }

        /// Goal: a promise to an init that did not need it is given back, not waited out.
        @Test func whoWasAskedAndNotChosenJoinsAtOnce() async throws {
            let cluster = try await TestCluster(count: 4)
            try await cluster.ending {
                _ = try await cluster[0].node.initialise(
                    TestCluster.request(voters: 3),
                    within: .seconds(20)
                )
                let begun = ContinuousClock.now
                try await cluster.allReady()
                #expect(ContinuousClock.now - begun < .seconds(5), "a promise binds for 10 s")
                #expect(!cluster[3].isVoter)
            }
        }

        @Test func initNamesWhoAnsweredWhenTooFewDo() async throws {
            let cluster = try await TestCluster(count: 3)
            try await cluster.ending {
                await cluster[2].stop(.crash)
                let patience = Timespan(milliseconds: 1500)
                let failure = try await cluster[0].initFailure(within: patience)
                guard case .incomplete(let summary) = failure else {
                    Issue.record("\(String(describing: failure))")
                    return
                }
                #expect(summary.contains("2 fresh workers answered: w1 (ap), w2 (ap)"))
                #expect(summary.contains("3 are needed"))
                try await cluster[2].start()
                _ = try await cluster[0].node.initialise(
                    TestCluster.request(),
                    within: .seconds(20)
                )
                try await cluster.allReady()
            }
        }

        @Test func initIsRefusedWhenAnAddressBelongsToACluster() async throws {
            try await TestCluster.run(count: 1) { formed in
                let cluster = try await TestCluster(count: 2)
                try await cluster.ending {
                    let fresh = try TestWorker("fresh")
                    fresh.look(for: [formed[0].address, cluster[0].address, cluster[1].address])
                    // Not started by its join loop: asked before it can be admitted.
                    try await fresh.start()
                    await #expect(throws: CoordinationError.self) {
                        try await fresh.node.initialise(
                            TestCluster.request(),
                            within: .seconds(2)
                        )
                    }
                    await fresh.stop(.crash)
                }
            }
        }

        /// Goal: an init that is cut off is taken up with the same cluster, also when a voter was
        /// away so long that it asked to be admitted meanwhile: it must not become an observer.
        @Test func anInterruptedInitGoesOnWithTheSameCluster() async throws {
            let cluster = try await TestCluster(count: 3)
            try await cluster.ending {
                // w1 cannot reach w3 after it has promised: two of three form.
                let initialising = Task {
                    try await cluster[0].node.initialise(
                        TestCluster.request(),
                        within: .seconds(4)
                    )
                }
                try await eventually("w2 is formed") {
                    if try cluster[1].node.status().cluster != nil { return true }
                    if cluster[2].isRunning, try cluster[0].node.status().cluster != nil {
                        await cluster[2].stop(.crash)
                    }
                    return false
                }
                await cluster[2].stop(.crash)
                let outcome = await initialising.result
                let first = try? outcome.get()
                if case .failure(let error) = outcome {  // Never "nothing was formed".
                    guard case CoordinationError.unfinished(.initialisation, _) = error else {
                        Issue.record("\(error)")
                        return
                    }
                }
                let begun = try #require(try cluster[0].node.status().cluster)

                // Restarted, w3 has forgotten its promise; if it was not formed, it may only wait.
                try await cluster[2].start()
                if first == nil {
                    let formed = try await cluster[0].node.initialise(
                        TestCluster.request(),
                        within: .seconds(20)
                    )
                    #expect(formed.entry.id == begun)
                }
                try await eventually("w3 votes") {
                    let status = try cluster[0].node.status()
                    return status.quorumHave == 3 && status.cluster == begun
                        && cluster[2].isVoter
                }
            }
        }

        /// Goal: a worker whose connections are older than the cluster hears that there is one.
        @Test func aWorkerThatWasThereBeforeInitJoinsToo() async throws {
            let cluster = try await TestCluster(count: 3)
            try await cluster.ending {
                let early = try TestWorker("early")
                early.look(for: cluster.workers.map(\.address))
                try await early.start()
                try await eventually("it knows the others as fresh") {
                    early.isConnected(to: cluster.workers.map(\.address))
                }
                try await cluster.form()
                try await eventually("it is ready") { try early.node.readiness() == .ready }
                #expect(!early.isVoter)
                await early.stop(.crash)
            }
        }

        @Test func aLaterWorkerJoinsAsAnObserver() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let late = try TestWorker("late")
                late.look(for: [cluster[2].address])
                try await late.start()
                try await eventually("it is ready") { try late.node.readiness() == .ready }
                try await eventually("it is active everywhere") {
                    try cluster.workers.allSatisfy {
                        try $0.node.view().catalog.worker(named: "late")?.state == .active
                    }
                }
                #expect(!late.isVoter)
                #expect(try late.node.view().catalog.worker(named: "late")?.id == NodeID(4))
                await late.stop()
            }
        }

        @Test func theNameOfALivingStoreIsRefusedForGood() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let twin = try TestWorker("w2")
                twin.look(for: [cluster[0].address])
                try await twin.start()
                let reason = try await twin.node.refusal(within: .seconds(15))
                #expect(reason?.contains("'w2'") == true, "\(reason ?? "nothing")")
                #expect(try twin.node.readiness() != .ready)
                #expect(
                    try await twin.node.refusal(within: .seconds(1)) == reason,
                    "asked again, it is still so"
                )
                await twin.stop()
            }
        }
    }
}

extension TestWorker {
    /// Whether consensus runs here.
    var isVoter: Bool { (try? node.isVoter) == true }
}
