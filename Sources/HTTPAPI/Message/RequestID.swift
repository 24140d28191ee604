// SPDX-License-Identifier: Apache-2.0
import Primitives
import Synchronization

/// Names a request whose sender did not name it, and tells which one is being answered.
package enum RequestID {
    /// The request that the current task works for; `nil` outside of any.
    ///
    /// Set for the whole of an answer; a log handler adds it to lines of code that knows no requests.
    @TaskLocal package static var current: String?

    private static let first = UInt64.random(in: .min ... .max)
    private static let count = Atomic<UInt64>(0)

    /// 16 hex digits that look random and never come twice in a process: enough to find a line in a
    /// day's log, without a system call for each request.
    static func make() -> String {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        var mixer = SplitMix64(seed: first &+ number)
        return hexText(mixer.next())
    }
}
