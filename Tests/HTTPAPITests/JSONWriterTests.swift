// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import HTTPAPI
import NIOCore
import Testing

/// Documents that write themselves give the bytes that `JSONEncoder` gives.
@Suite struct JSONWriterTests {
    static let texts = [
        "", "plain", "s3://bucket/pre fix/", "quote \" and \\ backslash", "slash /",
        "é e\u{301} 日本 🚀",
        "\u{0}\u{1}\u{8}\t\n\u{B}\u{C}\r\u{1F}\u{7F}", "\u{85}\u{2028}\u{2029}",
    ]

    @Test(arguments: texts)
    func mount(_ text: String) throws {
        var mount = Self.mount(text)
        try expectEqual(.written(mount), .json(mount))
        mount.credential = nil
        mount.credentialSource = text
        mount.barrier = BarrierDocument(
            complete: false,
            regions: [.init(region: text, state: .missing, workers: 2, missing: [text, "w"])]
        )
        mount.options = [:]
        mount.regions = [:]
        try expectEqual(.written(mount), .json(mount))
    }

    @Test(arguments: texts)
    func pages(_ text: String) throws {
        let none = Page<MountDocument>(items: [], next: nil)
        try expectEqual(.written(none), .json(none))
        let two = Page(items: [Self.mount(text), Self.mount("/other")], next: text)
        try expectEqual(.written(two), .json(two))
    }

    @Test(arguments: texts)
    func resolution(_ text: String) throws {
        let document = ResolveDocument(
            path: text,
            mount: text,
            region: "eu",
            origin: text,
            revision: .max
        )
        try expectEqual(.written(document), .json(document))
    }

    private func expectEqual(_ written: APIResponse, _ encoded: APIResponse) throws {
        #expect(written.status == encoded.status)
        #expect(written.headers == encoded.headers)
        #expect(try Self.text(written) == Self.text(encoded))
    }

    private static func text(_ response: APIResponse) throws -> String {
        guard case .bytes(let bytes) = response.body else { throw CocoaError(.coderInvalidValue) }
        return String(buffer: bytes)
    }

    private static func mount(_ text: String) -> MountDocument {
        MountDocument(
            path: "/data/" + text,
            origin: text,
            options: ["endpoint": text, "a": "", "anonymous": "true"],
            credential: text,
            regions: [
                "us": MountRegionDocument(
                    origin: text,
                    options: ["z": text, "b": "1"],
                    credential: nil,
                    originId: 2
                ),
                "ap": MountRegionDocument(origin: nil, options: nil, credential: text, originId: 0),
            ],
            write: "none",
            replicas: 3,
            metadataTtl: "60s",
            onStale: "serve",
            createRevision: 1,
            modRevision: .max,
            originId: 7
        )
    }
}
