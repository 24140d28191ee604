// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import Testing

struct MountRequestTests {
    @Test func onlyTheOriginIsRequired() throws {
        #expect(
            try decode(MountRequest.self, #"{"origin":"s3://b"}"#) == MountRequest(origin: "s3://b")
        )
    }

    @Test func aRegionMayBeABareString() throws {
        let text = """
            {"origin":"s3://b","regions":{"us":"s3://u","eu":{"options":{"region":"x"},\
            "credential":null}}}
            """
        let expected = MountRequest(
            origin: "s3://b",
            regions: [
                "us": MountRegionRequest(origin: "s3://u"),
                "eu": MountRegionRequest(options: ["region": "x"]),
            ]
        )
        #expect(try decode(MountRequest.self, text) == expected)
    }

    @Test func everyMemberIsTaken() throws {
        let text = """
            {"origin":"o","options":{"a":"b"},"credential":"c","regions":{},"write":"none",\
            "replicas":2,"metadataTtl":"immutable","onStale":"fail:30s"}
            """
        let expected = MountRequest(
            origin: "o",
            options: ["a": "b"],
            credential: "c",
            regions: [:],
            write: "none",
            replicas: 2,
            metadataTtl: "immutable",
            onStale: "fail:30s"
        )
        #expect(try decode(MountRequest.self, text) == expected)
        #expect(
            try decode(
                MountRequest.self,
                String(decoding: JSONEncoder().encode(expected), as: UTF8.self)
            ) == expected
        )
    }

    @Test func anAnsweredEntryCanBeSentBack() throws {
        let request = try decode(MountRequest.self, ShapeTests.mountText)
        #expect(request.origin == ShapeTests.mount.origin)
        #expect(request.options == ShapeTests.mount.options)
        #expect(request.regions?["us-west"]?.origin == "s3://bucket-a-us")
    }

    // swift-format-ignore
    static let mistakes: [(text: String, detail: String)] = [
        (#"{}"#,                                            "'origin' is missing"),
        (#"{"origin":7}"#,                                  "origin: must be a string"),
        (#"{"origin":"o","replicas":"2"}"#,                 "replicas: must be a number"),
        (#"{"origin":"o","replica":2}"#,                    "unknown member 'replica'"),
        (#"{"origin":"o","regions":{"us":{"orgin":"x"}}}"#, "regions.us: unknown member 'orgin'"),
        (#"{"origin":"o","regions":{"us":7}}"#,             "regions.us"),
        (#"{"origin":"o","options":{"a":1}}"#,              "options.a: must be a string"),
        (#"[1]"#,                                           "body"),
        (#"{"origin":"#,                                    "body"),
    ]

    @Test(arguments: mistakes)
    func aMistakeIsNamed(_ row: (text: String, detail: String)) {
        do {
            let request = try decode(MountRequest.self, row.text)
            Issue.record("accepted as \(request)")
        } catch let error as DecodingError {
            #expect(error.apiDetail.contains(row.detail), "\(error.apiDetail)")
        } catch {
            Issue.record("another error: \(error)")
        }
    }
}
