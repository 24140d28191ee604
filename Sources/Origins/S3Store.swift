// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Codecs
import NIOCore
import NIOHTTP1
import NIOSSL
import Primitives
import Synchronization

/// One bucket as one set of options and credentials reaches it; shared by every mount of it.
final class S3Store: Sendable {
    let limits: OriginLimits
    let gate: OriginGate
    let client: HTTPClient
    private let options: S3Options
    let endpoint: S3Endpoint
    /// Everything in front of the key, percent-encoded.
    private let pathPrefix: String
    private let credentials: CredentialSource
    private let tls: TLSConfiguration?
    private let signingKeys = Mutex(S3SigningKeyCache())

    init(
        bucket: String,
        options: S3Options,
        credentials: CredentialSource,
        tls: TLSConfiguration?,
        client: HTTPClient,
        limits: OriginLimits
    ) {
        let base = options.endpoint ?? S3Endpoint(region: options.region)
        if options.isPathStyle || !Self.isHostLabel(bucket) {
            endpoint = base
            pathPrefix = "/" + S3KeyEncoding.encoded(bucket.utf8, slash: .encoded)
        } else {
            endpoint = base.host(ofBucket: bucket)
            pathPrefix = ""
        }
        self.options = options
        self.credentials = credentials
        self.tls = tls
        self.client = client
        self.limits = limits
        gate = OriginGate(limits: limits, requestsInFlight: limits.requestsInFlight)
    }

    /// Changes when requests are signed with another credential from then on, because the cluster keeps
    /// another.
    var credentialRevision: Revision? { options.isAnonymous ? nil : credentials.revision }

    /// The request to send, signed for this moment.
    func request(_ call: S3Call, deadline: Deadline) async throws(OriginError) -> HTTPClientRequest
    {
        let path = pathPrefix + "/" + S3KeyEncoding.encoded(call.key?.bytes ?? [], slash: .kept)
        let query = S3SignatureV4.canonicalQuery(call.query)
        var request = HTTPClientRequest(
            url: "\(endpoint.scheme)://\(endpoint.authority)\(path)"
                + (query.isEmpty ? "" : "?\(query)")
        )
        request.method = call.verb
        request.tlsConfiguration = tls

        var headers = call.headers
        headers.append(("host", endpoint.authority))
        if !options.isAnonymous {
            let credentials = try await credentials.current(deadline)
            headers = signed(
                headers,
                verb: call.verb.rawValue,
                path: path,
                query: query,
                by: credentials
            )
        }
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        return request
    }

    private func signed(
        _ headers: [(name: String, value: String)],
        verb: String,
        path: String,
        query: String,
        by credentials: S3Credentials
    ) -> [(name: String, value: String)] {
        let timestamp = S3Timestamp.basic(unixSeconds: WallClock.unixSeconds)
        let scope = S3SignatureV4.Scope(
            date: String(timestamp.prefix(8)),
            region: options.region
        )
        var headers = headers
        headers.append(("x-amz-date", timestamp))
        headers.append(("x-amz-content-sha256", S3SignatureV4.unsignedPayload))
        if let token = credentials.sessionToken {
            headers.append(("x-amz-security-token", token.revealed))
        }
        let request = S3SignatureV4.Request(
            method: verb,
            path: path,
            query: query,
            headers: headers,
            payloadDigest: S3SignatureV4.unsignedPayload
        )
        let secret = credentials.secretKey.revealed
        let authorization = S3SignatureV4.authorization(
            request,
            accessKey: credentials.accessKey.revealed,
            signingKey: signingKeys.withLock { $0.key(secret: secret, scope: scope) },
            timestamp: timestamp,
            scope: scope
        )
        headers.append(("authorization", authorization))
        return headers
    }

    /// A wildcard certificate covers one label, so a bucket with a dot needs the path; so do the
    /// upper-case and underscored names of old buckets and other stores.
    private static func isHostLabel(_ bucket: String) -> Bool {
        (3...63).contains(bucket.utf8.count)
            && bucket.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-")
            }
    }
}
