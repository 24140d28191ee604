// SPDX-License-Identifier: Apache-2.0
import Foundation
import Origins
import Primitives
import TestKit
import Testing

/// A kind of origin under the shared test: whoever adds one adds a case.
enum ConformanceStore: String, CaseIterable, Sendable {
    case rclone, moto, directory

    /// Keys that a file system cannot hold.
    var holdsAnyKey: Bool { self == .moto }
}

/// One store filled with the seeds, for the length of one suite.
final class ConformanceFixture: Sendable {
    @TaskLocal static var all: [ConformanceStore: ConformanceFixture] = [:]

    static let page = 1 << 20

    /// Key and size of every object.
    // swift-format-ignore
    static let seeds: [(key: ByteString, size: Int)] = [
        ("empty",               0),
        ("one",                 1),
        ("page",                page),
        ("page-minus",          page - 1),
        ("page-plus",           page + 1),
        ("space name",          10),
        ("plus+sign",           11),
        ("percent%41%",         12),
        ("quote\"<&>'",         13),
        ("question?mark#hash",  14),
        ("semi;colon=a&b@c:d,", 15),
        ("~!$()*",              16),
        ("größe/münchen",       17),
        ("n\u{0303}",           18),  // ñ in two code points …
        ("\u{00F1}",            19),  // … and in one: two keys
        ("\u{FF5E}",            20),  // sorts behind the next by UTF-16, before it by bytes
        ("\u{1F600}",           21),
        ("dir.txt",             22),  // before dir/… by bytes
        ("dir/a",               23),
        ("dir/sub/deep/er/x",   24),
        ("dir/sub0",            25),
        ("dir0",                26),
    ]

    // swift-format-ignore
    static let anyKeySeeds: [(key: ByteString, size: Int)] = [
        ("p",                   30),
        ("p/q",                 31),
        ("p//q",                32),
        ("p/",                  0),
    ]

    let store: ConformanceStore
    let keys: [(key: ByteString, size: Int)]
    let uri: String
    let options: [String: String]
    private let server: S3Server?
    private let directory: String

    init(_ store: ConformanceStore) async throws {
        self.store = store
        keys = Self.seeds + (store.holdsAnyKey ? Self.anyKeySeeds : [])
        directory =
            FileManager.default.temporaryDirectory
            .appending(path: "tarn-origin-\(UUID().uuidString)").path
        switch store {
        case .directory:
            server = nil
            uri = "file://\(directory)"
            options = [:]
        case .rclone, .moto:
            let server = try await S3Server(store == .rclone ? .rclone : .moto)
            self.server = server
            uri = "s3://bucket"
            options = ["endpoint": server.endpoint]
        }
        try await put(keys.map { ($0.key, content(of: $0.key, count: $0.size)) })
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func put(_ objects: [(key: ByteString, bytes: [UInt8])]) async throws {
        if let server { return try await server.put(objects, bucket: "bucket") }
        for object in objects {
            let url = URL(filePath: "\(directory)/\(object.key.text)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(object.bytes).write(to: url)
        }
    }

    /// Makes an empty directory, or what marks one in a bucket; `key` ends with `/`.
    func putDirectory(_ key: ByteString) async throws {
        if server != nil { return try await put([(key, [])]) }
        try FileManager.default.createDirectory(
            atPath: "\(directory)/\(key.text)",
            withIntermediateDirectories: true
        )
    }

    func delete(_ keys: [ByteString]) async throws {
        if let server { return try await server.delete(keys, bucket: "bucket") }
        for key in keys { try FileManager.default.removeItem(atPath: "\(directory)/\(key.text)") }
    }
}

/// Starts every store before the suite and ends them behind it.
struct ConformanceTrait: SuiteTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        var fixtures: [ConformanceStore: ConformanceFixture] = [:]
        for store in ConformanceStore.allCases {
            fixtures[store] = try await ConformanceFixture(store)
        }
        try await ConformanceFixture.$all.withValue(fixtures) { try await function() }
    }
}

extension Trait where Self == ConformanceTrait {
    static var conformanceStores: Self { Self() }
}
