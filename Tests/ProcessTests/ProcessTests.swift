// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

/// The built binary, driven from outside with real clients and real S3 servers.
///
/// One after the other: each test starts a cluster of processes.
@Suite(.serialized, .timeLimit(.minutes(10)))
enum ProcessTests {}

extension TarnWorker {
    /// `GET /v1/cluster` as a document.
    func cluster() async throws -> ClusterDocument {
        try await web.get("/v1/cluster").document(ClusterDocument.self)
    }

    /// `GET /v1/workers`.
    func listedWorkers(
        consistency: String = "linearizable"
    ) async throws -> [WorkerDocument] {
        try await web.get("/v1/workers?consistency=\(consistency)").document(
            Page<WorkerDocument>.self
        ).items
    }

    /// Puts a mount of `origin` without looking at the origin first.
    func putMount(
        _ path: String,
        _ origin: String,
        _ headers: [String: String] = [:],
        replicas: Int = 1
    ) async throws -> WebAnswer {
        try await web.call(
            "PUT",
            "/v1/mount?path=\(path)",
            headers,
            body: #"{"origin":"\#(origin)","replicas":\#(replicas)}"#
        )
    }
}

extension TarnCluster {
    /// Makes a directory of files and mounts it at `path`; answers the directory.
    @discardableResult
    func mountDirectory(
        at path: String = "/data/a",
        _ files: [String: [UInt8]]
    ) async throws -> String {
        let root = "\(directory)/origin\(path.replacing("/", with: "-"))"
        for (name, bytes) in files {
            let place = URL(filePath: "\(root)/\(name)")
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(bytes).write(to: place)
        }
        try await done(["mount", "add", path, "file://\(root)"])
        return root
    }
}

/// Bytes that no offset or repetition confuses with others; the same for a seed.
///
/// Blocks of one random text, each with its number in front. Their length is prime, so that no page
/// begins like another; they are copied, because a debug build makes single bytes slowly.
func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SplitMix64(seed: seed)
    var block = (0..<65_521).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count {
        let number = UInt64(bytes.count)
        for shift in 0..<8 { block[shift] = UInt8(truncatingIfNeeded: number >> (8 * shift)) }
        bytes += block.prefix(count - bytes.count)
    }
    return bytes
}
