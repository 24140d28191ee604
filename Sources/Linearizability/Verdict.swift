// SPDX-License-Identifier: Apache-2.0

/// What the checker found out about a history.
package enum Verdict<Model: SequentialModel>: Sendable {
    /// For each key, in the order of keys, an order of its operations that explains every answer.
    ///
    /// Operations without an answer that were not needed for it are left out: they never happened.
    case linearizable([Witness<Model>])
    /// No order explains the answers about one key.
    case violated(Counterexample<Model>)
    /// The budget was used up. To whoever asked this is a failure: nothing was shown.
    case undecided(key: Model.Key, CheckBudget)

    package var isLinearizable: Bool {
        if case .linearizable = self { true } else { false }
    }
}

/// One order of a key's operations in which each answer is what the model says.
package struct Witness<Model: SequentialModel>: Sendable {
    package let key: Model.Key
    package let order: [History<Model>.Operation]
}

/// Why a key's operations cannot be put in order: how far one gets, and what then does not fit.
package struct Counterexample<Model: SequentialModel>: Sendable, CustomStringConvertible {
    package let key: Model.Key
    /// The longest order that explains its answers, of those that were tried.
    package let longest: [History<Model>.Operation]
    /// The state it leads to.
    package let state: Model.State
    /// Operations that could have come next, or have to by their rank, of which none leads on.
    package let stuck: [History<Model>.Operation]

    /// Enough lines of the end to see what happened.
    private static var shownCount: Int { 12 }

    package var description: String {
        var lines = ["key \(key): no order of its operations explains their answers"]
        let left = longest.count - Self.shownCount
        if left > 0 { lines.append("  … \(left) operations in order before these") }
        lines += longest.suffix(Self.shownCount).map { "  \($0)" }
        lines.append("  state then: \(state); none of these can come next:")
        lines += stuck.prefix(Self.shownCount).map { "    \($0)" }
        return lines.joined(separator: "\n")
    }
}
