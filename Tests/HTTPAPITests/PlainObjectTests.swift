// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Foundation
import HTTPAPI
import NIOCore
import NIOHTTP1
import Testing

/// Goal: a body says the same however it is read, and is refused for the same reasons.
///
/// Method: beside `JSONDecoder`, over bodies that are plain, that nearly are, and that are broken; and
/// over every body that one changed byte makes of a plain one.
@Suite struct PlainObjectTests {
    static let bodies = [
        #"{"origin":"s3://b/p"}"#,
        #" { "origin" : "s3://b" , "options" : { "endpoint" : "http://h:9" , "region":"r" } } "#,
        #"{"origin":"s3://b","options":{},"credential":null,"write":"none","metadataTtl":"60s"}"#,
        #"{"origin":"s3://b","onStale":"serve","regions":null,"replicas":null,"options":null}"#,
        #"{"origin":"s3://日本/é","credential":"c"}"#,
        #"{"origin":"s3:\/\/b\u002fp","write":"through"}"#,
        #"{"origin":"s3://b","replicas":2,"regions":{"eu":{"origin":"s3://e"},"us":"s3://u"}}"#,
        #"{"origin":"s3://b","path":"/data","modRevision":7,"originId":3}"#,
        #"{"origin":7}"#, #"{"origin":null}"#, #"{}"#, #"{"options":{}}"#, #"[]"#, "", "nul",
        #"{"origin":"s3://b",}"#, #"{"origin":"s3://b"}}"#, #"{"origin":"s3://b"} x"#,
        #"{"origin":"s3://b"#, #"{"origin":"s3://b","write":nul}"#, #"{"origin" "s3://b"}"#,
        #"{"origin":"s3://b","options":{"a":null}}"#, #"{"origin":"s3://b","options":"x"}"#,
        #"{"origin":"s3://b","options":{"a":{"b":"c"}}}"#, #"{"origin":"s3://b","write":true}"#,
        "{\"origin\":\"s3://b\u{1}\"}", "{\"origin\":\"a\nb\"}",
    ]

    @Test(arguments: bodies)
    func aBodySaysTheSame(_ body: String) { expectSame(Array(body.utf8)) }

    @Test func soDoesEveryBodyThatIsNearlyPlain() {
        let plain = Array(#"{"origin":"s3://b","options":{"k":"v"},"write":null}"#.utf8)
        for place in plain.indices {
            for byte in [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "}"), 0x20, 0, 0xFF] {
                var changed = plain
                changed[place] = byte
                expectSame(changed)
            }
            expectSame(Array(plain[..<place]))
        }
    }

    private func expectSame(_ bytes: [UInt8]) {
        let members = [
            "origin", "options", "credential", "regions", "write", "replicas", "metadataTtl",
            "onStale", "path", "modRevision", "originId",
        ]
        let ours = try? request(bytes).document(MountRequest.self, members: members)
        let theirs = try? request(bytes).document(ByDecoder.self, members: members)
        #expect(ours == theirs?.request, "\(String(decoding: bytes, as: UTF8.self))")
    }

    /// The same document, which only `JSONDecoder` reads.
    private struct ByDecoder: Decodable {
        let request: MountRequest

        init(from decoder: any Decoder) throws { request = try MountRequest(from: decoder) }
    }

    private func request(_ body: [UInt8]) -> APIRequest {
        APIRequest(
            head: HTTPRequestHead(version: .http1_1, method: .PUT, uri: "/v1/mount?path=/a"),
            body: ByteBuffer(bytes: body),
            makeID: { "1" }
        )
    }
}
