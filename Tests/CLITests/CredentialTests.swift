// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import Testing

import tarn

/// What `tarn credential` sends, and that it prints nothing of a value.
@Suite struct CredentialTests {
    static let answer = """
        {"createRevision":3,"fields":["accessKeyId"],"keyId":"00000000000000ff","modRevision":4,\
        "name":"lake"}
        """
    private static let environment = [
        "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_SESSION_TOKEN": "tok",
    ]
    private static let ini = "[default]\naws_access_key_id = AK\naws_secret_access_key = hunter2\n"
    private static let json = #"{"accessKeyId": "AK", "secretAccessKey": "hunter2"}"#

    // swift-format-ignore
    static let ways: [(what: String, words: [String], file: String, token: String?)] = [
        ("an ini file",    ["--from-file", "FILE"],                                                            ini,  nil),
        ("a JSON file",    ["--from-file", "FILE"],                                                            json, nil),
        ("values",         ["--from-env", "AWS_ACCESS_KEY_ID=AK", "AWS_SECRET_ACCESS_KEY=hunter2"],            "",   nil),
        ("names alone",    ["--from-env", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],  "",   "tok"),
        ("each by itself", ["--from-env", "AWS_ACCESS_KEY_ID", "--from-env", "AWS_SECRET_ACCESS_KEY=hunter2"], "",   nil),
    ]

    @Test(arguments: ways)
    func putSendsTheFields(
        _ row: (what: String, words: [String], file: String, token: String?)
    ) async throws {
        let worker = try await FakeWorker { _, _ in .json(201, Self.answer) }
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(row.file.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let words = row.words.map { $0 == "FILE" ? file.path : $0 }
        let ran = try await tarn(
            ["credential", "put", "lake", "--addr", worker.address] + words,
            environment: Self.environment
        )
        #expect(ran.status == 0, "\(row.what): \(ran.error)")
        #expect(ran.text.contains("kept at revision 4, sealed with key 00000000000000ff"))
        #expect(!ran.text.contains("hunter2") && !ran.error.contains("hunter2"))
        let asked = try #require(worker.asked.first)
        #expect(asked.line == "PUT /v1/credential?name=lake")
        #expect(asked.header("Idempotency-Key") != nil)
        let body = try JSONDecoder().decode(CredentialRequest.self, from: Data(asked.body.utf8))
        #expect(body.accessKeyId == "AK" && body.secretAccessKey == "hunter2", "\(row.what)")
        #expect(body.sessionToken == row.token, "\(row.what)")
        await worker.stop()
    }

    // swift-format-ignore
    static let mistakes: [(what: String, words: [String], says: String)] = [
        ("neither",          [],                                                         "'--from-file' or '--from-env'"),
        ("both",             ["--from-file", "f", "--from-env", "AWS_SESSION_TOKEN=x"],  "'--from-file' or '--from-env'"),
        ("no such file",     ["--from-file", "/nowhere"],                                "/nowhere cannot be read"),
        ("nothing in it",    ["--from-file", "/dev/null"],                               "an access key and a secret key"),
        ("another variable", ["--from-env", "SECRET=hunter2"],                           "AWS_ACCESS_KEY_ID"),
        ("no secret",        ["--from-env", "AWS_ACCESS_KEY_ID=hunter2"],                "an access key and a secret key"),
        ("not there",        ["--from-env", "AWS_ACCESS_KEY_ID"],                        "AWS_ACCESS_KEY_ID is not in the environment"),
    ]

    @Test(arguments: mistakes)
    func whatIsWrongIsSaidWithoutTheValue(
        _ row: (what: String, words: [String], says: String)
    ) async throws {
        let ran = try await tarn(
            ["credential", "put", "lake", "--addr", "127.0.0.1:1"] + row.words
        )
        #expect(ran.status == 64, "\(row.what): \(ran.error)")
        #expect(ran.error.contains(row.says), "\(row.what): \(ran.error)")
        #expect(!ran.error.contains("hunter2"), "\(row.what)")
    }

    @Test func aRotationThatLeavesSomethingExitsWithSix() async throws {
        let document = """
            {"items":[{"keyId":"00000000000000aa","name":"lake","outcome":"failed","reason":"why"}],\
            "keyId":"00000000000000ff","unusedKeyIds":["00000000000000bb"]}
            """
        let worker = try await FakeWorker { _, _ in .json(200, document) }
        let ran = try await tarn(["credential", "rotate", "--addr", worker.address])
        #expect(ran.status == 6, "\(ran.error)")
        #expect(ran.text.contains("failed") && ran.text.contains("why"))
        #expect(ran.error.contains("key 00000000000000bb is not needed any more"))
        #expect(worker.asked.first?.line == "POST /v1/credentials/rotate")
        await worker.stop()
    }
}
