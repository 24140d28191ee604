// SPDX-License-Identifier: Apache-2.0
import Foundation
import Origins
import Primitives
import TestKit
import Testing

/// Which credentials a mount gets, against a server that checks them.
@Suite(.serialized) struct CredentialTests {
    private func run(
        _ body: (S3Server, String) async throws -> Void
    ) async throws {
        let server = try await S3Server(.rclone)
        try await server.put([("k", [1, 2, 3])], bucket: "bucket")
        try await body(server, server.directory)
    }

    private func write(_ text: String, _ path: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    private static let ini = """
        # a comment
        [other]
        aws_access_key_id = nobody
        aws_secret_access_key = nothing
        [default]
        aws_access_key_id = \(S3Server.accessKey)
        aws_secret_access_key=\(S3Server.secretKey)
        """
    private static let json = """
        {"Version": 1, "AccessKeyId": "\(S3Server.accessKey)", "SecretAccessKey": "\(S3Server.secretKey)"}
        """
    private static let wrong = [
        "AWS_ACCESS_KEY_ID": S3Server.accessKey, "AWS_SECRET_ACCESS_KEY": "wrong-secret",
    ]

    @Test func theOrderIsNamedThenEnvironmentThenFile() async throws {
        try await run { server, scratch in
            let ini = try write(Self.ini, "\(scratch)/ini")
            let json = try write(Self.json, "\(scratch)/json")
            let empty = try write("[default]\n", "\(scratch)/empty")
            let shared = ["AWS_SHARED_CREDENTIALS_FILE": ini]
            typealias Row = (
                name: String, environment: [String: String], credential: String?,
                error: OriginError?
            )
            // swift-format-ignore
            let rows: [Row] = [
                ("environment",             serverEnvironment,                           nil,    nil),
                ("wrong environment",       Self.wrong,                                  nil,    .accessDenied(code: "SignatureDoesNotMatch")),
                ("shared file",             shared,                                      nil,    nil),
                ("environment before file", shared.merging(Self.wrong) { $1 },           nil,    .accessDenied(code: "SignatureDoesNotMatch")),
                ("another profile",         shared.merging(["AWS_PROFILE": "other"]) { $1 }, nil, .accessDenied(code: "InvalidAccessKeyId")),
                ("named before all",        Self.wrong,                                  "ini",  nil),
                ("named, JSON",             Self.wrong,                                  "json", nil),
                ("nothing anywhere",        ["AWS_SHARED_CREDENTIALS_FILE": empty],      nil,
                    .misconfigured("no credentials: none in the AWS environment variables, the shared credentials file or a web identity; set a credential, or the option anonymous=true")),
                ("named, empty",            serverEnvironment,                           "empty", .misconfigured("credential empty: \(empty) has no access key and secret")),
                ("named, missing",          serverEnvironment,                           "gone", .misconfigured("credential gone: cannot read /nowhere")),
            ]
            for row in rows {
                let files = ["ini": ini, "json": json, "empty": empty, "gone": "/nowhere"]
                try await OriginRig.run(files: files, environment: row.environment) { rig in
                    let origin = try rig.origin(
                        "s3://bucket",
                        options: ["endpoint": server.endpoint],
                        credential: row.credential
                    )
                    var error: OriginError?
                    do throws(OriginError) {
                        _ = try await origin.list(OriginListQuery(prefix: "", isDelimited: false))
                    } catch let thrown {
                        error = thrown
                    }
                    #expect(error == row.error, "\(row.name)")
                    let said = String(reflecting: error)
                    #expect(!said.contains(S3Server.secretKey), "\(row.name)")
                    #expect(!said.contains("wrong-secret"), "\(row.name)")
                }
            }
        }
    }

    @Test func anonymousSignsNothing() async throws {
        try await run { server, _ in
            try await OriginRig.run(environment: serverEnvironment) { rig in
                let origin = try rig.origin(
                    "s3://bucket",
                    options: ["endpoint": server.endpoint, "anonymous": "true"]
                )
                // What rclone calls a request without a signature.
                let refusal = OriginError.unexpectedStatus(400, code: "UnsupportedAlgorithm")
                await #expect(throws: refusal) {
                    try await origin.list(OriginListQuery(prefix: "", isDelimited: false))
                }
            }
        }
    }

    @Test func aBucketThatIsNotThereIsSaid() async throws {
        try await run { server, _ in
            try await OriginRig.run(environment: serverEnvironment) { rig in
                let origin = try rig.origin("s3://nope", options: ["endpoint": server.endpoint])
                await #expect(throws: OriginError.unexpectedStatus(404, code: "NoSuchBucket")) {
                    try await origin.list(OriginListQuery(prefix: "", isDelimited: false))
                }
            }
        }
    }

    /// Amazon's own exchange, as moto plays it: the token goes to STS, its answer signs the listing.
    @Test func aWebIdentityIsExchanged() async throws {
        let server = try await S3Server(.moto)
        try await server.put([("k", [1])], bucket: "bucket")
        let token = try write(" a.b.c\n", "\(server.directory)/token")
        let environment = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ENDPOINT_URL_STS": server.endpoint,
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/reader",
        ]
        try await OriginRig.run(environment: environment) { rig in
            let origin = try rig.origin("s3://bucket", options: ["endpoint": server.endpoint])
            #expect(try await origin.listAll().objects.map(\.key) == ["k"])
        }
        #expect(server.log.contains("POST / HTTP"))
    }

    @Test func secretsNeverShow() throws {
        let secret = Secret("hunter2")
        let credentials = S3Credentials(accessKey: secret, secretKey: secret, sessionToken: secret)
        let store = CredentialStore(
            files: [:],
            environment: ["AWS_ACCESS_KEY_ID": "hunter2", "AWS_SECRET_ACCESS_KEY": "hunter2"]
        )
        var dumped = ""
        dump(credentials, to: &dumped)
        dump(store, to: &dumped)
        dumped += "\(secret) \(credentials) \(store) \(String(reflecting: credentials))"
        #expect(!dumped.contains("hunter2"))
        #expect(dumped.contains("***"))
    }
}
