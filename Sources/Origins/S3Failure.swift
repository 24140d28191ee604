// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Codecs
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// Why one try failed, and whether another may do better.
struct S3Failure: Error, Sendable {
    let error: OriginError
    let isWorthRetrying: Bool
    /// What the store asks for in `Retry-After`.
    var pause: Duration?
    /// `false` where the store was not asked.
    var tellsOfStore = true

    static func final(_ error: OriginError) -> Self { Self(error: error, isWorthRetrying: false) }

    static func passing(_ error: OriginError) -> Self { Self(error: error, isWorthRetrying: true) }
}

// MARK: - What it says of the store

extension S3Failure {
    /// The store refuses the credential, or what it may do.
    var isRefusal: Bool {
        if case .accessDenied = error { true } else { false }
    }

    /// The caller went away.
    static var cancelled: Self {
        Self(error: .unreachable("cancelled"), isWorthRetrying: false, tellsOfStore: false)
    }

    /// There was nothing to sign with.
    static func credentials(_ error: OriginError) -> Self {
        Self(error: error, isWorthRetrying: error.isPassing, tellsOfStore: false)
    }

    /// What the outcome of one try tells the breaker; `tooShort`: a timeout tells nothing.
    static func verdict(
        on outcome: Result<S3Answer, S3Failure>,
        tooShort: Bool
    ) -> OriginBreaker.Verdict {
        guard case .failure(let failure) = outcome else { return .answered }
        guard failure.tellsOfStore else { return .unknown }
        switch failure.error {
        case .timedOut where tooShort: return .unknown
        case .unreachable, .timedOut, .throttled: return .failed(failure.error)
        case .unexpectedStatus(500..., _): return .failed(failure.error)
        // Wrong bytes may be one object's, or a connection's.
        case .brokenBody: return .unknown
        case .notFound, .accessDenied, .changed, .rangeNotSatisfiable, .unexpectedStatus,
            .misconfigured, .unknownCredential, .io:
            return .answered
        }
    }
}

// MARK: - Answers

extension S3Failure {
    /// The meaning of a status that is not 2xx.
    ///
    /// `document` is the answer's body, as far as it was read; empty for HEAD.
    static func status(_ head: S3Head, document: [UInt8], call: S3Call) -> S3Failure {
        let stated = S3ErrorXML(document: document)
        let code = stated?.code ?? ""
        let region = head.headers.first(name: "x-amz-bucket-region") ?? stated?.region

        switch head.status {
        case 301, 302, 307, 308:
            return .final(elsewhere(head.status, region: region, code: code))
        case 400 where code == "AuthorizationHeaderMalformed" && region != nil:
            return .final(elsewhere(head.status, region: region, code: code))
        case 400 where ["ExpiredToken", "InvalidToken"].contains(code):
            return .final(.accessDenied(code: code))
        case 400 where code == "RequestTimeout":
            return .passing(.unexpectedStatus(400, code: code))
        case 401, 403:
            return .final(.accessDenied(code: code))
        case 404 where code == "NoSuchBucket" || call.key == nil:
            return .final(.unexpectedStatus(404, code: code))
        case 404:
            return .final(.notFound)
        case 412:
            return .final(.changed)
        case 416:
            // The range lay within the object when it was listed: it has shrunk since.
            return .final(.changed)
        case 429, 503:
            return S3Failure(
                error: .throttled(status: head.status),
                isWorthRetrying: true,
                pause: retryAfter(head.headers)
            )
        case 500, 502, 504:
            return .passing(.unexpectedStatus(head.status, code: code))
        default:
            return .final(.unexpectedStatus(head.status, code: code))
        }
    }

    private static func elsewhere(_ status: Int, region: String?, code: String) -> OriginError {
        guard let region, region.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return .misconfigured(
                "the store redirects (\(status) \(code)): check endpoint, region and path-style"
            )
        }
        return .misconfigured("the bucket is in region \(region): set the option region=\(region)")
    }

    /// Whole seconds; dates are not read, the usual pause does.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        headers.first(name: "retry-after").flatMap { UInt16($0) }.map { .seconds(Int64($0)) }
    }
}

// MARK: - No answer

extension S3Failure {
    /// The meaning of an error that AsyncHTTPClient threw before the head of an answer came.
    static func connection(
        _ error: any Error,
        to endpoint: S3Endpoint,
        deadline: Deadline
    ) -> S3Failure {
        let place = "\(endpoint.scheme)://\(endpoint.authority)"
        guard let error = error as? HTTPClientError else {
            return .passing(.unreachable("\(place): \(reason(error))"))
        }
        switch error {
        case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout:
            return .passing(deadline.passed)
        case .alreadyShutdown:
            return .final(.unreachable("shutting down"))
        case .invalidURL, .emptyHost, .emptyScheme:
            return .final(.misconfigured("the endpoint is not a URL"))
        default:
            return .passing(.unreachable("\(place): \(error.shortDescription)"))
        }
    }

    /// In the words of the system, without the layers in between.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let attempt = error.connectionErrors.last else { return "host not found" }
            return reason(attempt.error)
        case let error as IOError:
            return Errno(rawValue: error.errnoCode).description
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return "TLS failed: \(error)"
        default:
            return "\(error)"
        }
    }

    /// The meaning of an error in the middle of a body.
    static func body(
        _ error: any Error,
        received: Int,
        expected: Int,
        deadline: Deadline
    ) -> S3Failure {
        if let error = error as? HTTPClientError, error == .readTimeout {
            return .passing(deadline.passed)
        }
        return .passing(.brokenBody("it ended after \(received) of \(expected) bytes"))
    }
}
