// SPDX-License-Identifier: Apache-2.0
import APIModel
import ClientRuntime
import Foundation
import HTTPAPI
import Primitives
import Testing

/// `POST /v1/mount/survey`: bounded looks, here or handed on.
@Suite struct SurveyTests {
    private static func body(_ members: String) -> String { #"{"path":"/data/a",\#(members)}"# }

    @Test func namesAreAnsweredWithWhatJSONCannotCarry() async throws {
        try await withServer(MountTests.world()) { client in
            let answer = try await client.request(
                "POST",
                "/v1/mount/survey",
                body: Self.body(#""step":"names""#)
            )
            #expect(answer.status == 200, "\(answer.text)")
            let document = try JSONDecoder().decode(
                SurveyDocument.self,
                from: Data(answer.text.utf8)
            )
            #expect(document.region == "ap" && document.worker == "w1")
            let part = try #require(document.names)
            #expect(Set(part.sample.map(\.name)) == ["x", "\u{1}ff"] && part.next == "more")
            let found = try #require(SurveyedNames(part))
            #expect(found.objects == 2 && found.bytes == 3 && found.last?.bytes == [0xFF])
            for schema in ["surveyAnswer", "surveyNames"] {
                let members = Set(Schema.named(schema).members.map(\.name))
                let names = answer.json["names"] as? [String: Any]
                let keys =
                    schema == "surveyNames" ? names?.keys.map { $0 } : answer.json.keys.map { $0 }
                #expect(Set(keys ?? []) == members, "\(schema)")
            }
        }
    }

    @Test func objectsAreAnsweredInTheOrderAskedFor() async throws {
        try await withServer(MountTests.world()) { client in
            for (step, word) in [("checksums", #""sha256":"s""#), ("content", "no such file")] {
                let answer = try await client.request(
                    "POST",
                    "/v1/mount/survey?region=ap",
                    body: Self.body(#""step":"\#(step)","names":["b","\u0001ff"]"#)
                )
                #expect(answer.status == 200 && answer.text.contains(word), "\(answer.text)")
                let document = try JSONDecoder().decode(
                    SurveyDocument.self,
                    from: Data(answer.text.utf8)
                )
                #expect(document.objects?.map(\.name) == ["b", "\u{1}ff"])
            }
        }
    }

    @Test func anotherRegionIsAskedOnce() async throws {
        try await withServer(MountTests.world()) { client in
            let target = "/v1/mount/survey?region=us"
            let body = Self.body(#""step":"names""#)
            let handed = try await client.request("POST", target, body: body)
            #expect(handed.text == "us \(target)")
            let again = try await client.request(
                "POST",
                target,
                [SurveyRoute.forwardedHeader: "1"],
                body: body
            )
            #expect(again.status == 404, "\(again.text)")
        }
    }

    // swift-format-ignore
    static let refused: [(members: String, status: Int, word: String)] = [
        (#""step":"nmes""#,                          400, "names"),
        (#""step":"names","afer":"x""#,              400, "after"),
        (#""step":"names","upTo":"5""#,              400, "16 hex digits"),
        (#""step":"names","after":"\u0001f""#,       400, "after"),
        (#""step":"checksums""#,                     400, "names: 0 given"),
        (#""step":"content","names":["1","2","3","4","5"]"#, 400, "1...4"),
    ]

    @Test(arguments: refused)
    func whatIsWrongIsRefused(_ row: (members: String, status: Int, word: String)) async throws {
        try await withServer(MountTests.world()) { client in
            let answer = try await client.request(
                "POST",
                "/v1/mount/survey",
                body: Self.body(row.members)
            )
            #expect(answer.status == row.status && answer.text.contains(row.word), "\(answer.text)")
        }
    }

    @Test func aPathWithoutAMountIsNotFound() async throws {
        try await withServer(MountTests.world()) { client in
            let answer = try await client.request(
                "POST",
                "/v1/mount/survey",
                body: #"{"path":"/data/none","step":"names"}"#
            )
            #expect(answer.status == 404)
        }
    }
}
