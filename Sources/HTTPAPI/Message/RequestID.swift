// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Names a request whose sender did not name it, and tells which one is being answered.
package enum RequestID {
    /// The request that the current task works for; `nil` outside of any.
    ///
    /// Set for the whole of an answer; a log handler adds it to lines of code that knows no requests.
    @TaskLocal package static var current: String?

    /// 16 random hex digits: enough to find a line in a day's log.
    static func make() -> String { hexText(UInt64.random(in: 0...UInt64.max)) }
}
