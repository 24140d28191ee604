// SPDX-License-Identifier: Apache-2.0

/// Body of every error answer, `application/problem+json`.
///
/// - Source: RFC 9457; schema `problem` of `GET /v1/openapi.json`.
package struct ProblemDocument: Codable, Hashable, Sendable {
    /// Whether a write that failed may still take effect.
    package enum Outcome: String, Codable, Sendable {
        case notApplied = "not-applied"
        case unknown
    }

    /// Always `about:blank`: `code` says what it is.
    package var type: String
    /// The constant title of the code.
    package var title: String
    /// HTTP status, repeated for readers of the body alone.
    package var status: Int
    /// Text, not ``ProblemCode``: a newer worker may answer a code that this release has not heard of.
    package var code: String
    /// What, which object, why.
    package var detail: String
    /// `nil` for anything but a write.
    @Nullable package var outcome: Outcome?
    /// The command to try next.
    @Nullable package var next: String?
    /// With `revision-mismatch`: the revision that is there now, 0 for no entry.
    @Nullable package var modRevision: UInt64?
    /// With `compacted`: the oldest revision that can still be watched from.
    @Nullable package var oldest: UInt64?

    /// A problem with title and status of its code.
    package init(
        _ code: ProblemCode,
        detail: String,
        outcome: Outcome? = nil,
        next: String? = nil,
        modRevision: UInt64? = nil,
        oldest: UInt64? = nil
    ) {
        type = "about:blank"
        title = code.title
        status = code.httpStatus
        self.code = code.rawValue
        self.detail = detail
        self.outcome = outcome
        self.next = next
        self.modRevision = modRevision
        self.oldest = oldest
    }

    /// The code, if this release knows it.
    package var knownCode: ProblemCode? { ProblemCode(rawValue: code) }
}
