// SPDX-License-Identifier: Apache-2.0

/// How much work one key of a history may take before the verdict is ``Verdict/undecided(key:_:)``.
///
/// Linearizability is NP-complete (Gibbons and Korach, 1997), so a check without a bound may not end.
package struct CheckBudget: Sendable, Equatable {
    /// Steps of the model, and comparisons with what was tried before.
    package let stepCount: Int
    /// Remembered dead ends, in bytes.
    package let memoByteCount: Int

    package init(stepCount: Int, memoByteCount: Int) {
        precondition(stepCount > 0 && memoByteCount > 0, "no budget at all")
        self.stepCount = stepCount
        self.memoByteCount = memoByteCount
    }

    /// Under a second for a key in a release build, for some 2,000 operations, 20 at a time.
    package static var simulation: Self { .init(stepCount: 1_000_000, memoByteCount: 64 << 20) }

    /// Minutes, for histories of real processes that are recorded once.
    package static var blackBox: Self { .init(stepCount: 200_000_000, memoByteCount: 2 << 30) }
}
