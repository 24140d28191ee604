// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SimulationKit

/// `tarn-simulate`: simulated worlds from the command line; see `Docs/simulator.md`.
@main
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tarn-simulate",
        abstract: "Run simulated worlds and check every invariant after every event.",
        discussion: """
            Each world follows from its seed alone. A world that fails is made smaller, and the \
            command that shows the smaller one is printed.

            EXAMPLES
              tarn-simulate --worlds 200 --first 5000
              tarn-simulate --seed 5017 --until 42.5 --trace
              tarn-simulate --seed 5017 --voters 3 --without loss,pauses --faults 12,31
              tarn-simulate --measure
              tarn-simulate --feed --observers 5000
              tarn-simulate --elastic --worlds 300
              tarn-simulate --elastic --seed 17 --trace --leave-out loss,ghosts

            EXIT STATUS
              0  every invariant held in every world
              1  a world failed
              64 the command line is wrong
            """
    )

    @Option(help: "Run this one world.")
    var seed: UInt64?
    @Option(help: "Run so many worlds, seed after seed.")
    var worlds: UInt64?
    @Option(help: "The first of their seeds.")
    var first: UInt64 = 1
    @OptionGroup var shape: WorldShape
    @Option(help: "Stop at this simulated time, in seconds.")
    var until: Double?
    @Flag(help: "Tell everything that happens, to the standard output.")
    var trace = false
    @Option(help: "Worlds at the same time; as many as there are cores unless given.")
    var jobs: Int?
    @Option(help: "Seconds that may go into making a failing world smaller; 0 for none.")
    var shrink: UInt64 = 300
    @Flag(help: "Measure the speed of a world without faults: 5 voters, 100 proposals a second.")
    var measure = false
    @Option(help: "Learners in the world that is measured, 0 to 20; 5 unless given.")
    var learners: Int?
    @Flag(help: "Go on behind the last seed in Docs/simulator.md, and add up there.")
    var campaign = false

    @Flag(help: "Show what workers that follow the feed cost, and what happens when sources die.")
    var feed = false
    @Option(help: "Workers that follow the feed, 30 to 20000; 5000 unless given.")
    var observers: Int?

    @Flag(help: "Run worlds of workers that come and go, with rings and pages.")
    var elastic = false
    @Option(
        help: "Kinds of faults of elastic worlds to leave out, with commas.",
        transform: { try $0.elasticFaultKinds }
    )
    var leaveOut: [ElasticFaultKind] = []

    func validate() throws {
        guard leaveOut.isEmpty || elastic else {
            throw ValidationError("--leave-out goes with --elastic")
        }
        guard !elastic || !(feed || measure || campaign) else {
            throw ValidationError("--elastic goes with --seed or --worlds")
        }
        guard observers == nil || feed, (30...20_000).contains(observers ?? 30) else {
            throw ValidationError("--observers goes with --feed: 30 to 20000")
        }
        let kinds = [
            feed, seed != nil && !feed, worlds != nil, measure, campaign && worlds == nil,
        ]
        guard kinds.count(where: { $0 }) == 1 else {
            throw ValidationError("give one of --seed, --worlds, --campaign, --measure and --feed")
        }
        guard seed != nil || (!trace && until == nil) else {
            throw ValidationError("--trace and --until are about one world: give its --seed")
        }
        guard (0...20).contains(learners ?? 0), measure || learners == nil else {
            throw ValidationError("--learners goes with --measure: 0 to 20")
        }
        guard jobs ?? 1 > 0, worlds ?? 1 > 0, until ?? 1 > 0 else {
            throw ValidationError("--jobs, --worlds and --until start at 1")
        }
    }

    func run() async throws {
        TrapReport.install()
        if feed {
            try FeedFigures(
                plan: .measured(seed: seed ?? 1, followerCount: observers ?? 5_000)
            ).run()
        } else if elastic {
            try await runElastic()
        } else if measure {
            Measurement(learnerCount: learners ?? 5).run()
        } else if let seed {
            try runOne(shape.plan(seed: seed))
        } else if campaign {
            try await Campaign(worldCount: worlds ?? 2_000, pool: pool).run()
        } else {
            let totals = await pool.run(first..<first + (worlds ?? 1), shape.plan(seed:))
            print(totals.summary)
            if totals.failedCount > 0 { throw ExitCode.failure }
        }
    }

    private func runElastic() async throws {
        let runs = ElasticRuns(
            jobCount: pool.jobCount,
            shrinkSeconds: shrink,
            leftOut: leaveOut,
            keptFaults: shape.faults
        )
        if let seed { return try runs.run(seed: seed, isTold: trace) }
        try await runs.run(first..<first + (worlds ?? 1))
    }

    private var pool: WorldPool { WorldPool(jobCount: jobs, shrinkSeconds: shrink) }

    private func runOne(_ plan: WorldPlan) throws {
        var simulation = Simulation(plan: plan, trace: trace ? { print($0) } : nil)
        let untilUS = until.map { UInt64($0 * 1_000_000) } ?? .max
        let report = TrapReport.naming(plan.seed) { simulation.run(untilUS: untilUS) }
        guard report.violation != nil else {
            print("seed \(plan.seed): all invariants held, digest \(report.digestText)")
            return
        }
        WorldRun(plan: plan, report: report).tell(shrinkSeconds: trace ? 0 : shrink)
        throw ExitCode.failure
    }
}
