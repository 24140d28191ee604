// SPDX-License-Identifier: Apache-2.0
import Origins
import Primitives
import Testing

/// Goal: a checksum is believed only where the store says that it is one of the whole object.
@Suite struct ChecksumTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let what: String
        let headers: [String]
        let values: [String: String]

        init(_ what: String, _ headers: [String], _ values: [String: String]) {
            (self.what, self.headers, self.values) = (what, headers, values)
        }

        var testDescription: String { what }
    }

    // swift-format-ignore
    static let rows: [Row] = [
        Row("none",               [],                                                                            [:]),
        Row("an ETag alone",      ["ETag: \"5eb63bbbe01eeed093cb22bb8f5acdc3\""],                                [:]),
        Row("whole",              ["x-amz-checksum-sha256: abc=", "x-amz-checksum-type: FULL_OBJECT"],           ["sha256": "abc="]),
        Row("whole, no type",     ["x-amz-checksum-crc32c: yZRlqg=="],                                           ["crc32c": "yZRlqg=="]),
        Row("two kinds",          ["x-amz-checksum-crc32: a=", "x-amz-checksum-crc64nvme: b="],                  ["crc32": "a=", "crc64nvme": "b="]),
        Row("of parts",           ["x-amz-checksum-sha256: abc=", "x-amz-checksum-type: COMPOSITE"],             [:]),
        Row("of parts, lower",    ["x-amz-checksum-sha256: abc=", "x-amz-checksum-type: composite"],             [:]),
        Row("of parts, by count", ["x-amz-checksum-crc32: abc=-3"],                                              [:]),
        Row("unknown kind",       ["x-amz-checksum-md17: abc="],                                                 [:]),
        Row("empty",              ["x-amz-checksum-crc32:"],                                                     [:]),
    ]

    @Test(arguments: rows)
    func onlyWholeObjectsCount(_ row: Row) async throws {
        let head = ["HTTP/1.1 200 OK", "Content-Length: 11"] + row.headers
        let server = try await MisbehavingServer([
            .send(head.joined(separator: "\r\n") + "\r\n\r\n")
        ])
        try await OriginRig.run { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": server.endpoint, "anonymous": "true"]
            )
            let found = try await origin.checksums(of: "k")
            #expect(found == ObjectChecksums(size: 11, values: row.values))
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("HEAD /b/k HTTP/1.1\r\n"))
            #expect(request.contains("x-amz-checksum-mode: ENABLED"))
        }
        try await server.close()
    }
}
