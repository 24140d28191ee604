// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Codecs
import NIOCore
import NIOHTTP1
import Primitives

/// Temporary credentials in exchange for a token that the platform wrote into a file.
///
/// - Source: AWS Security Token Service API reference, AssumeRoleWithWebIdentity; the request is not
///   signed, the token is what proves it.
struct WebIdentity: Sendable {
    let tokenFile: String
    let role: String
    let session: String
    let endpoint: S3Endpoint
    let client: HTTPClient

    /// The environment variables that are looked at.
    static let variables: Set<String> = [
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_REGION",
        "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_STS",
    ]

    /// `nil` where the environment asks for no web identity.
    init?(environment: [String: String], client: HTTPClient) throws(OriginError) {
        guard let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], !file.isEmpty,
            let role = environment["AWS_ROLE_ARN"], !role.isEmpty
        else { return nil }
        let region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "us-east-1"
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"

        tokenFile = file
        self.role = role
        session = environment["AWS_ROLE_SESSION_NAME"] ?? "tarn"
        endpoint = try S3Endpoint(
            environment["AWS_ENDPOINT_URL_STS"] ?? "https://sts.\(region).\(domain)"
        )
        self.client = client
    }

    func assumeRole(token: [UInt8], deadline: Deadline) async throws(OriginError) -> S3Credentials {
        let form = S3SignatureV4.canonicalQuery([
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"),
            ("RoleArn", ByteString(role)), ("RoleSessionName", ByteString(session)),
            ("WebIdentityToken", ByteString(trimmed(token))),
        ])
        var request = HTTPClientRequest(url: "\(endpoint.scheme)://\(endpoint.authority)/")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        request.body = .bytes(ByteBuffer(string: form))

        let document: [UInt8]
        let status: Int
        do {
            let response = try await client.execute(request, deadline: deadline.onEventLoops)
            status = Int(response.status.code)
            document = Array(try await response.body.collect(upTo: 65_536).readableBytesView)
        } catch {
            throw .unreachable("web identity: \(endpoint.authority) does not answer")
        }
        guard status == 200 else {
            throw Self.refusal(status, code: S3ErrorXML(document: document)?.code)
        }
        return try credentials(document)
    }

    /// What passes is told from what does not: only that is worth another try.
    private static func refusal(_ status: Int, code: String?) -> OriginError {
        let passing: Set<String> = [
            "Throttling", "ThrottlingException", "RequestLimitExceeded", "IDPCommunicationError",
            "ServiceUnavailable",
        ]
        if status == 429 || status == 503 || code.map(passing.contains) == true {
            return .throttled(status: status)
        }
        if status >= 500 { return .unexpectedStatus(status, code: code ?? "") }
        return .accessDenied(code: code ?? "STS\(status)")
    }

    private func credentials(_ document: [UInt8]) throws(OriginError) -> S3Credentials {
        let root = try? S3XMLElement(document: document)
        let result = root?.children.first { $0.name == "AssumeRoleWithWebIdentityResult" }
        guard let found = result?.children.first(where: { $0.name == "Credentials" }),
            let access = found.text("AccessKeyId"), let secret = found.text("SecretAccessKey"),
            let token = found.text("SessionToken"),
            let expires = found.text("Expiration").flatMap(S3Timestamp.iso8601)
        else { throw .brokenBody("web identity: the answer holds no credentials") }
        return S3Credentials(
            accessKey: Secret(access),
            secretKey: Secret(secret),
            sessionToken: Secret(token),
            expiresUnixSeconds: expires
        )
    }

    private func trimmed(_ token: [UInt8]) -> [UInt8] {
        Array(token.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed())
    }
}
