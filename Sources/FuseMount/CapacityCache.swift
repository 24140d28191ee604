// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Glibc
import Synchronization

/// Totals for `statfs`, asked for at most once per ``lifetime``.
///
/// `df`, and whoever asks whether the mount lives, must not hang or fail because the cluster does:
/// while it does not answer, its last answer stands, and zero before the first.
final class CapacityCache: Sendable {
    static let lifetime: Duration = .seconds(5)
    /// How long `statfs` waits for the cluster.
    static let patience: Duration = .seconds(1)

    private struct State {
        var total: UInt64 = 0
        var used: UInt64 = 0
        var askedAt: ContinuousClock.Instant?
    }

    private let client: any FileSystemClient
    private let state = Mutex(State())

    init(client: any FileSystemClient) { self.client = client }

    /// The last answer if it is recent enough to be given at once.
    ///
    /// Only the first caller after it has aged gets `nil`, and is expected to ``refresh()``.
    func recent(now: ContinuousClock.Instant = .now) -> statvfs? {
        state.withLock { state in
            guard let askedAt = state.askedAt, now - askedAt < Self.lifetime else {
                state.askedAt = now
                return nil
            }
            return Self.statistics(state)
        }
    }

    var last: statvfs { state.withLock { Self.statistics($0) } }

    func refresh() async -> statvfs {
        let answer = try? await client.capacity()
        return state.withLock { state in
            if let answer {
                state.total = answer.total
                state.used = min(answer.used, answer.total)
            }
            return Self.statistics(state)
        }
    }

    private static func statistics(_ state: State) -> statvfs {
        let blockBytes: UInt64 = 4096
        var statistics = statvfs()
        statistics.f_bsize = UInt(NodePresentation.preferredIOBytes)
        statistics.f_frsize = UInt(blockBytes)
        statistics.f_blocks = UInt(state.total / blockBytes)
        statistics.f_bfree = UInt((state.total - state.used) / blockBytes)
        statistics.f_bavail = statistics.f_bfree
        statistics.f_namemax = UInt(TreePath.longestName)
        return statistics
    }
}
