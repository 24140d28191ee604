// SPDX-License-Identifier: Apache-2.0
import Primitives

/// One member under suspicion: by whom, since when, and until when it may object.
///
/// - Source: "Lifeguard", 2017, §IV (LHA-Suspicion).
struct Suspicion: Sendable {
    let node: NodeID
    /// Confirmations that shorten it as far as it goes.
    let possible: Int
    /// Moves on while this process is kept from running.
    var startedMS: UInt64
    var deadlineMS: UInt64
    /// Who suspects it, each once; as many as shorten it.
    private(set) var reporters: [NodeID] = []
    /// Who found its port closed, each once; two are enough.
    private(set) var refusals: [NodeID] = []

    init(of node: NodeID, possible: Int, startedMS: UInt64) {
        self.node = node
        self.possible = possible
        self.startedMS = startedMS
        deadlineMS = startedMS
    }

    var confirmations: Int { max(0, reporters.count - 1) }
    var isProven: Bool { refusals.count >= 2 }

    /// Counts one more who says so; whether that was new.
    mutating func add(_ reporter: NodeID, isRefused: Bool) -> Bool {
        var isNew = false
        if reporters.count <= possible, !reporters.contains(reporter) {
            reporters.append(reporter)
            isNew = true
        }
        if isRefused, !isProven, !refusals.contains(reporter) {
            refusals.append(reporter)
            isNew = true
        }
        return isNew
    }
}
