// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Names a request whose sender did not name it.
enum RequestID {
    /// 16 random hex digits: enough to find a line in a day's log.
    static func make() -> String { hexText(UInt64.random(in: 0...UInt64.max)) }
}
