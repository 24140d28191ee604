// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Waits until each member answers a linearizable read: it is back, and knows what it missed.
enum Settling {
    private static let pause = TimeAmount.milliseconds(50)

    static func wait(_ driver: Driver, _ done: @escaping () -> Void) {
        var left = driver.members[...]
        func ask() {
            guard let member = left.first else { return done() }
            driver.connect(to: member) { session in
                guard let session else { return driver.after(pause, ask) }
                session.perform(.read(key: 0)) { outcome in
                    session.close()
                    if outcome.isAnswered { left.removeFirst() }
                    driver.after(pause, ask)
                }
            }
        }
        ask()
    }
}
