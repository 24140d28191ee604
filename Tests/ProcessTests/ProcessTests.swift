// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
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
    func listedWorkers() async throws -> [WorkerDocument] {
        try await web.get("/v1/workers").document(Page<WorkerDocument>.self).items
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

/// Bytes that no compression, offset or repetition confuses with others; the same for a seed.
func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: (state ^ state >> 29) >> shift))
        }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}
