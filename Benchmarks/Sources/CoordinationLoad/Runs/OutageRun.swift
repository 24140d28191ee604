// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore

/// How long writes stop when the leader's process is killed, and when leadership is handed over.
enum OutageRun {
    /// Between two probes.
    private static let pace = TimeAmount.milliseconds(5)

    /// From the leader's `SIGKILL` until the first write that was sent after it is answered.
    static func kill(_ driver: Driver, _ done: @escaping (Figures) -> Void) {
        driver.leader { leader in
            let survivors = driver.members.filter { $0.name != leader.name }
            let probe = WriteProbe(driver, every: pace, at: survivors)
            probe.start()
            driver.after(.seconds(1)) {
                let killedAt = Clock.now
                guard Glibc.kill(leader.pid, SIGKILL) == 0 else { return done(.none("kill")) }
                probe.answered = { answer in
                    guard answer.sentAt > killedAt else { return }
                    probe.answered = { _ in }
                    probe.end()
                    let outage = answer.answeredAt - killedAt
                    var figures = Figures(latencies: [outage], over: outage)
                    figures.failures = probe.failures
                    figures.killed = leader.name
                    done(figures)
                }
                driver.after(.seconds(30)) { done(.none("no write was answered in 30 s")) }
            }
        }
    }

    /// The longest time without an answered write around a planned hand-over.
    static func transfer(_ driver: Driver, _ done: @escaping (Figures) -> Void) {
        driver.leader { leader in
            guard let heir = driver.members.first(where: { $0.name != leader.name }) else { return }
            driver.connect(to: leader) { session in
                guard let session else { return done(.none("the leader does not answer")) }
                let probe = WriteProbe(driver, every: pace, at: driver.members)
                probe.start()
                driver.after(.seconds(1)) {
                    let askedAt = Clock.now
                    session.perform(.transfer(to: heir)) { outcome in
                        guard outcome.isAnswered else { return done(.none("\(outcome)")) }
                        driver.after(.seconds(2)) {
                            probe.end()
                            done(gap(in: probe, since: askedAt))
                        }
                    }
                }
            }
        }
    }

    private static func gap(in probe: WriteProbe, since askedAt: Int64) -> Figures {
        var longest: Int64 = 0
        var usual: [Int64] = []
        for (earlier, later) in zip(probe.answers, probe.answers.dropFirst()) {
            let gap = later.answeredAt - earlier.answeredAt
            if later.answeredAt > askedAt { longest = max(longest, gap) } else { usual.append(gap) }
        }
        var figures = Figures(latencies: [longest], over: longest)
        figures.failures = probe.failures
        figures.usualGapMS = usual.max().map { Double($0) / 1e6 }
        return figures
    }
}
