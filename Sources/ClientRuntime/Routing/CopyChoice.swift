// SPDX-License-Identifier: Apache-2.0
import ElasticCore
import Primitives
import Synchronization

/// Which copy of a page this process reads: ``ReadSpread`` and ``CopyHints`` with a clock, shared by all
/// readers of a file system.
final class CopyChoice: Sendable {
    private let spread = ReadSpread(reader: .random(in: .min ... .max))
    private let hints = Mutex(CopyHints())
    private let start = ContinuousClock.now

    private var nowMS: UInt64 { UInt64((ContinuousClock.now - start) / .milliseconds(1)) }

    /// The first owner says how many of the owners have a unit.
    func heard(_ copies: Int, of hash: UInt64) {
        hints.withLock { hints in
            guard copies > 1 || !hints.isEmpty else { return }
            hints.heard(copies, of: hash, nowMS: nowMS)
        }
    }

    /// Whom to ask before the first owner; `nil`: nobody.
    func preferred(
        _ route: PageRoute,
        hash: UInt64,
        _ asking: any WorkerAsking,
        _ suspects: SuspectList
    ) -> WorkerTarget? {
        let hinted = hints.withLock { hints in
            hints.isEmpty ? 0 : hints.copies(of: hash, nowMS: nowMS)
        }
        return spread.preferred(
            route,
            hash: hash,
            copies: max(route.replicas, hinted),
            isNear: asking.isNear,
            isSuspect: suspects.isSuspect
        )
    }
}
