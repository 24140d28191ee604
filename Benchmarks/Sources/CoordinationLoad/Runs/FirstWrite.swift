// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Asks a cluster that is just starting until it has taken its first write.
///
/// One member is asked, on a new connection after each failure, every two milliseconds.
final class FirstWrite {
    private static let pause = TimeAmount.milliseconds(2)

    private let driver: Driver
    private let done: (Figures) -> Void
    private var steps: [Call] = [.begin, .put(key: 0)]

    init(_ driver: Driver, _ done: @escaping (Figures) -> Void) {
        self.driver = driver
        self.done = done
    }

    func start() {
        driver.connect(to: driver.members[0]) { session in
            guard let session else { return self.driver.after(Self.pause) { self.start() } }
            self.take(session)
        }
    }

    private func take(_ session: any Session) {
        guard let step = steps.first else { return done(Figures(latencies: [], over: 0)) }
        session.perform(step) { outcome in
            guard outcome.isAnswered else {
                session.close()
                return self.driver.after(Self.pause) { self.start() }
            }
            self.steps.removeFirst()
            self.take(session)
        }
    }
}
