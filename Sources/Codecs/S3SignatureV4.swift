// SPDX-License-Identifier: Apache-2.0
import Crypto
package import Primitives

/// AWS Signature Version 4 in the `Authorization` header.
///
///     canonical request ─SHA-256─▶ string to sign ─HMAC(signing key)─▶ signature
///     secret ─HMAC─▶ date ─HMAC─▶ region ─HMAC─▶ service ─HMAC─▶ signing key   (a day long)
///
/// - Source: "Create a signed AWS API request", AWS Identity and Access Management user guide.
package enum S3SignatureV4 {
    /// Stands for the digest of a body that is not signed.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// The digest of no body at all.
    package static let emptyPayload =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// What is signed: exactly what goes over the wire.
    package struct Request: Sendable {
        package let method: String
        /// Percent-encoded once, as it is sent; begins with `/`.
        package let path: String
        /// As ``canonicalQuery(_:)`` gives it, and as it is sent.
        package let query: String
        /// Every header that is signed, `host` among them.
        package let headers: [(name: String, value: String)]
        /// Hex digest of the body, or ``unsignedPayload``.
        package let payloadDigest: String

        package init(
            method: String,
            path: String,
            query: String,
            headers: [(name: String, value: String)],
            payloadDigest: String
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.payloadDigest = payloadDigest
        }
    }

    /// What limits a signature: day, region, service.
    package struct Scope: Hashable, Sendable {
        /// `yyyymmdd`.
        package let date: String
        package let region: String
        package let service: String

        package init(date: String, region: String, service: String = "s3") {
            self.date = date
            self.region = region
            self.service = service
        }

        package var text: String { "\(date)/\(region)/\(service)/aws4_request" }
    }

    /// Names and values encoded, sorted by encoded name, then value.
    package static func canonicalQuery(_ pairs: [(name: ByteString, value: ByteString)]) -> String {
        pairs.map { pair in
            (
                name: S3KeyEncoding.encoded(pair.name.bytes, slash: .encoded),
                value: S3KeyEncoding.encoded(pair.value.bytes, slash: .encoded)
            )
        }
        .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
        .map { "\($0.name)=\($0.value)" }
        .joined(separator: "&")
    }

    package static func canonicalRequest(_ request: Request) -> String {
        let headers = canonicalHeaders(request.headers)
        return [
            request.method, request.path, request.query,
            headers.map { "\($0.name):\($0.value)\n" }.joined(),
            headers.map(\.name).joined(separator: ";"), request.payloadDigest,
        ].joined(separator: "\n")
    }

    /// What the signing key signs; `timestamp` is `yyyymmddThhmmssZ`, as the header `x-amz-date` has it.
    package static func stringToSign(_ request: Request, timestamp: String, scope: Scope) -> String
    {
        let digest = hexText(SHA256.hash(data: Array(canonicalRequest(request).utf8)))
        return "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope.text)\n\(digest)"
    }

    /// Valid for a day; see ``S3SigningKeyCache``.
    package static func signingKey(secret: String, scope: Scope) -> [UInt8] {
        var key = Array("AWS4\(secret)".utf8)
        for part in [scope.date, scope.region, scope.service, "aws4_request"] {
            key = authenticationCode(part, key: key)
        }
        return key
    }

    /// The value of the header `Authorization`.
    package static func authorization(
        _ request: Request,
        accessKey: String,
        signingKey: [UInt8],
        timestamp: String,
        scope: Scope
    ) -> String {
        let text = stringToSign(request, timestamp: timestamp, scope: scope)
        let signature = hexText(authenticationCode(text, key: signingKey))
        let signed = canonicalHeaders(request.headers).map(\.name).joined(separator: ";")
        return "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope.text), "
            + "SignedHeaders=\(signed), Signature=\(signature)"
    }

    // MARK: - Parts

    private static func authenticationCode(_ text: String, key: [UInt8]) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(
                for: Array(text.utf8),
                using: SymmetricKey(data: key)
            )
        )
    }

    /// Lower-case names, trimmed values with runs of spaces as one, sorted, equal names joined by `,`.
    private static func canonicalHeaders(
        _ headers: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        var merged: [(name: String, value: String)] = []
        let sorted = headers.enumerated()
            .map { (name: $1.name.lowercased(), order: $0, value: collapsed($1.value)) }
            .sorted { ($0.name, $0.order) < ($1.name, $1.order) }
        for header in sorted {
            if let last = merged.last, last.name == header.name {
                merged[merged.count - 1].value += ",\(header.value)"
            } else {
                merged.append((header.name, header.value))
            }
        }
        return merged
    }

    private static func collapsed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}
