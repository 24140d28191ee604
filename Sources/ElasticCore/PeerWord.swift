// SPDX-License-Identifier: Apache-2.0
package import Codecs

/// What another worker said about a page, or what its silence means.
package enum PeerWord: Hashable, Sendable {
    case page
    /// It never had it, or lost it to damage.
    case miss
    /// It had it, and others needed the room.
    case evicted
    /// It lives, as far as is known, and gave no answer.
    case late
    /// It is dead, or about to end.
    case dead

    /// A worker that was asked said nothing in time.
    package static func silence(isDoubted: Bool) -> Self { isDoubted ? .dead : .late }

    package init(_ failure: PageFailure) {
        self =
            switch failure {
            case .stopping: .dead
            case .overloaded, .timedOut, .abandoned: .late
            default: .miss
            }
    }
}

/// What a page was fetched from its origin for.
package enum FetchCause: String, Sendable {
    /// Nobody had it, as far as is known.
    case read
    /// A living worker had held it and does not any more, or did not answer in time.
    case rebalance
    /// Whoever held it cannot be asked: it is dead, or was taken for dead.
    case lost
}

extension PageFailure {
    /// Whether asking another owner to fetch it would only repeat the answer.
    package var isFinal: Bool {
        switch self {
        case .notFound, .notADirectory, .isADirectory, .accessDenied, .stale, .invalidPath,
            .rangeNotSatisfiable, .originFailed, .staleCatalog, .misconfigured, .unknownCredential,
            .originChanged,
            .originThrottled, .originStatus, .originTimedOut, .originUnreachable,
            .originBrokenBody, .originIO, .overloaded:
            true
        case .timedOut, .corrupt, .unknownMount, .stopping, .abandoned: false
        }
    }
}
