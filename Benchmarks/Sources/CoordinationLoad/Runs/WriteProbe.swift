// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Writes at a fixed pace whether or not earlier ones were answered, and notes when which was.
///
/// An open loop: a write that hangs in the member it was sent to hides nothing. Each probe has a
/// connection to itself; idle ones are used again.
final class WriteProbe {
    struct Answer {
        let sentAt: Int64
        let answeredAt: Int64
    }

    /// Probes under way at most; beyond it none is sent.
    private static let limit = 900

    private let driver: Driver
    private let pace: TimeAmount
    private var targets: [Member]
    private var idle: [String: [any Session]] = [:]
    private var underWay = 0
    private var turn = 0
    private var hasEnded = false
    private(set) var answers: [Answer] = []
    private(set) var failures = 0
    /// Called for each write that was answered.
    var answered: (Answer) -> Void = { _ in }

    init(_ driver: Driver, every pace: TimeAmount, at targets: [Member]) {
        self.driver = driver
        self.pace = pace
        self.targets = targets
    }

    func start() { send() }

    func end() { hasEnded = true }

    /// Nothing is sent there any more.
    func leave(_ member: Member) { targets.removeAll { $0.name == member.name } }

    private func send() {
        guard !hasEnded else { return }
        driver.after(pace) { self.send() }
        guard underWay < Self.limit else { return }
        turn += 1
        underWay += 1
        let (member, key) = (targets[turn % targets.count], turn % 512)
        let sentAt = Clock.now
        if let session = idle[member.name]?.popLast() {
            return write(key, session, member, sentAt)
        }
        driver.connect(to: member) { session in
            guard let session else { return self.failed() }
            self.write(key, session, member, sentAt)
        }
    }

    private func write(_ key: Int, _ session: any Session, _ member: Member, _ sentAt: Int64) {
        session.perform(.put(key: key)) { outcome in
            if case .lost = outcome { return self.failed() }
            self.idle[member.name, default: []].append(session)
            guard outcome.isAnswered else { return self.failed() }
            self.underWay -= 1
            let answer = Answer(sentAt: sentAt, answeredAt: Clock.now)
            self.answers.append(answer)
            self.answered(answer)
        }
    }

    private func failed() {
        underWay -= 1
        failures += 1
    }
}
