// SPDX-License-Identifier: Apache-2.0

/// When credentials are looked up again, and what is used meanwhile.
///
///     none ──▶ renewing ──▶ kept ──renewAt──▶ renewing, kept used by the others ──▶ kept
///       ▲          │                              │ failure: kept, again in 10 s, until `end`
///       └─failure──┘
///
/// All times are seconds since 1970.
package struct CredentialRenewal: Sendable {
    /// What a request does.
    package enum Step: Sendable {
        case use(S3Credentials)
        /// Look them up, for all; ``renewed(_:at:)`` or ``failed(_:at:)`` must follow.
        case renew
        /// Somebody looks them up: wait for that.
        case wait
        case fail(OriginError)
    }

    private struct Kept {
        let credentials: S3Credentials
        /// From then on they are renewed.
        var renewAt: Int64
        /// Until then they are used where that fails.
        let end: Int64
    }

    private var kept: Kept?
    private var isRenewing = false
    /// Why there are none, and until when that is believed.
    private var failure: (error: OriginError, until: Int64)?

    package init() {}

    package mutating func step(at now: Int64) -> Step {
        let usable = kept.flatMap { now < $0.end ? $0 : nil }
        if let usable, isRenewing || now < usable.renewAt { return .use(usable.credentials) }
        if isRenewing { return .wait }
        if usable == nil, let failure, now < failure.until { return .fail(failure.error) }
        isRenewing = true
        return .renew
    }

    /// Keeps what was found: temporary credentials until five minutes before they expire, a file's
    /// for a minute, so that a rotated key is taken over without a restart.
    package mutating func renewed(_ credentials: S3Credentials, at now: Int64) {
        isRenewing = false
        failure = nil
        kept =
            if let end = credentials.expiresUnixSeconds {
                Kept(credentials: credentials, renewAt: max(end - 300, now + 10), end: end)
            } else {
                // Believed for five minutes more: somebody may be about to rewrite the file.
                Kept(credentials: credentials, renewAt: now + 60, end: now + 360)
            }
    }

    /// Takes note that nothing was found; what is kept is to be used instead, `nil` where it expired.
    package mutating func failed(_ error: OriginError, at now: Int64) -> S3Credentials? {
        isRenewing = false
        if let kept, now < kept.end {
            self.kept?.renewAt = now + 10
            return kept.credentials
        }
        // What somebody has to set right is looked at each time.
        if error.isPassing { failure = (error, now + 1) }
        return nil
    }
}
