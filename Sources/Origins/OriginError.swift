// SPDX-License-Identifier: Apache-2.0
/// Why an origin did not give what was asked for, after all retries that made sense.
package enum OriginError: Error, Sendable, Equatable {
    /// 404, ENOENT.
    case notFound
    /// 401, 403, EACCES. `code` is the store's own, e.g. `SignatureDoesNotMatch`.
    case accessDenied(code: String)
    /// 412, another ETag, length or inode than asked for.
    case changed
    /// 416: the range lies outside the object.
    case rangeNotSatisfiable
    /// 429, 503 SlowDown: the store asked for less.
    case throttled(status: Int)
    /// Any other status. `code` is the store's own, empty if it sent none.
    case unexpectedStatus(Int, code: String)
    /// The deadline passed, in milliseconds since the call began.
    case timedOut(afterMS: UInt64)
    /// No connection, or it broke.
    case unreachable(String)
    /// The body ended early, was longer than announced, or is not the XML it claims to be.
    case brokenBody(String)
    /// This mount cannot work as configured: no credentials, missing CA file, directory not allowed.
    case misconfigured(String)
    /// The mount names a credential that this worker does not have.
    case unknownCredential(String)
    /// An error of the local file system, by errno.
    case io(errno: Int32)
}

extension OriginError {
    /// Whether the same call may well work in a while.
    var isPassing: Bool {
        switch self {
        case .throttled, .timedOut, .unreachable, .brokenBody: true
        case .unexpectedStatus(let status, _): status >= 500
        case .notFound, .accessDenied, .changed, .rangeNotSatisfiable, .misconfigured,
            .unknownCredential, .io:
            false
        }
    }
}
