// SPDX-License-Identifier: Apache-2.0
package import Origins

extension FileError {
    /// What a reader is told when an origin failed: the one translation.
    package init(_ error: OriginError) {
        self =
            switch error {
            case .notFound: .notFound
            case .accessDenied(let code): .accessDenied(code: code)
            case .changed: .stale
            case .rangeNotSatisfiable: .stale
            case .throttled(let status): .originFailed("the origin asks for less (\(status))")
            case .unexpectedStatus(let status, let code):
                .originFailed("the origin answered \(status) \(code)")
            case .timedOut(let afterMS): .originTimedOut(afterMS: afterMS)
            case .unreachable(let why): .originFailed("the origin cannot be reached: \(why)")
            case .brokenBody(let why): .originFailed("the origin's answer is broken: \(why)")
            case .misconfigured(let why): .misconfigured(why)
            case .unknownCredential(let name): .unknownCredential(name)
            case .io(let errno): .originFailed("the origin's file system: errno \(errno)")
            }
    }

    /// Whether the origin itself was out of order: what is cached may then be used past its time.
    package var isOutage: Bool {
        switch self {
        case .originFailed, .originTimedOut, .timedOut, .overloaded: true
        case .notFound, .notADirectory, .isADirectory, .accessDenied, .stale, .invalidPath,
            .rangeNotSatisfiable, .staleCatalog, .misconfigured, .unknownCredential, .corrupt:
            false
        }
    }
}
