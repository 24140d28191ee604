// SPDX-License-Identifier: Apache-2.0
/// Why a request failed at the worker that was asked.
///
/// The wire carries a code, a number and a text for each; ``PageFailure/code`` is the one table of
/// codes, which are never reused.
package enum PageFailure: Error, Hashable, Sendable {
    // MARK: About files, one to one with the client runtime's `FileError` (codes 1…)

    case notFound
    case notADirectory
    case isADirectory
    /// The origin refuses: `code` is the store's own.
    case accessDenied(code: String)
    /// The version asked for exists nowhere any more.
    case stale
    case invalidPath(String)
    /// In bytes.
    case rangeNotSatisfiable(byteCount: UInt64)
    /// Nobody answered within the deadline.
    case timedOut
    /// The origin failed, after retries.
    case originFailed(String)
    /// The worker has been cut off for longer than the mount allows.
    case staleCatalog(ageMS: UInt64)
    case overloaded
    /// The mount's configuration cannot work.
    case misconfigured(String)
    /// Every copy of the bytes failed its checksum.
    case corrupt
    /// The mount names a credential that the worker does not have.
    case unknownCredential(String)

    // MARK: About origins, what `OriginError` says beyond the above (codes 32…)

    /// The object has another version by now.
    case originChanged
    /// The store asked for less.
    case originThrottled(status: UInt16)
    /// Any other status; `code` is the store's own, empty if it sent none.
    case originStatus(UInt16, code: String)
    /// The deadline passed; milliseconds since the call began.
    case originTimedOut(afterMS: UInt64)
    /// No connection, or it broke.
    case originUnreachable(String)
    /// The body ended early, was longer than announced, or is not what it claims to be.
    case originBrokenBody(String)
    /// An error of the file system that the origin is.
    case originIO(errno: Int32)

    // MARK: About the worker (codes 64…)

    /// The worker knows no such mount or origin yet.
    case unknownMount
    /// The worker is stopping; ask the next owner.
    case stopping
    /// The request was lost inside the worker; a defect, but the reader need not wait for it.
    case abandoned
}
