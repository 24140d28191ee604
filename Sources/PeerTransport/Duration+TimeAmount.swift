// SPDX-License-Identifier: Apache-2.0
import NIOCore

extension TimeAmount {
    /// The same length of time; cut to about 292 years either way.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let limit = Int64.max / 1_000_000_000 - 1
        let bounded = min(max(seconds, -limit), limit)
        self = .nanoseconds(bounded * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
