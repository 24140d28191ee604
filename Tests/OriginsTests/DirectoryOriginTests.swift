// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import NIOCore
import Origins
import Primitives
import Testing

/// What a directory has and a bucket has not: links, special files, names that are no text.
@Suite struct DirectoryOriginTests {
    /// A scratch directory with `inside` (the origin) and `outside` in it.
    private func run(
        fileOrigins: FileOriginPolicy = .any,
        _ body: (any Origin, String, OriginRig) async throws -> Void
    ) async throws {
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "tarn-directory-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        for name in ["inside/dir", "outside"] {
            try FileManager.default.createDirectory(
                atPath: "\(scratch)/\(name)",
                withIntermediateDirectories: true
            )
        }
        try Data("in".utf8).write(to: URL(filePath: "\(scratch)/inside/dir/file"))
        try Data("secret".utf8).write(to: URL(filePath: "\(scratch)/outside/file"))
        try await OriginRig.run(fileOrigins: fileOrigins) { rig in
            try await body(try rig.origin("file://\(scratch)/inside"), "\(scratch)/inside", rig)
        }
    }

    private func link(_ target: String, _ path: String) throws {
        try #require(unsafe symlink(target, path) == 0)
    }

    @Test func linksInsideAreFollowed() async throws {
        try await run { origin, root, _ in
            try link("dir/file", "\(root)/link")
            try link("dir", "\(root)/linked")
            try link("\(root)/dir/file", "\(root)/absolute")
            let keys = try await origin.listAll().objects.map(\.key)
            #expect(keys == ["absolute", "dir/file", "link", "linked/file"])
            for key in keys {
                let object = try await origin.attributes(of: key)
                #expect(String(buffer: try await origin.read(object, range: 0..<2)) == "in")
            }
        }
    }

    @Test func linksOutsideAreNothing() async throws {
        try await run { origin, root, _ in
            try link("../outside/file", "\(root)/link")
            try link("../outside", "\(root)/linked")
            try link("/etc/passwd", "\(root)/absolute")
            try link("nowhere", "\(root)/dangling")
            try link("circle", "\(root)/circle")
            #expect(try await origin.listAll().objects.map(\.key) == ["dir/file"])
            #expect(try await origin.listAll(isDelimited: true).prefixes == ["dir/"])
            for key in ["link", "linked/file", "absolute", "dangling", "circle"] as [ByteString] {
                await #expect(throws: OriginError.notFound, "\(key)") {
                    try await origin.attributes(of: key)
                }
                let forged = OriginObject(key: key, size: 6, modifiedUnixNS: 0, version: "")
                await #expect(throws: OriginError.notFound, "\(key)") {
                    try await origin.read(forged, range: 0..<6)
                }
            }
        }
    }

    @Test func aLinkBackDoesNotMakeTheTreeEndless() async throws {
        try await run { origin, root, _ in
            try link("..", "\(root)/dir/up")
            try link(".", "\(root)/dir/self")
            #expect(try await origin.listAll().objects.map(\.key) == ["dir/file"])
        }
    }

    @Test func specialFilesAreSkipped() async throws {
        try await run { origin, root, _ in
            try #require(unsafe mkfifo("\(root)/fifo", 0o600) == 0)
            #expect(try await origin.listAll().objects.map(\.key) == ["dir/file"])
            await #expect(throws: OriginError.notFound) { try await origin.attributes(of: "fifo") }
            let forged = OriginObject(key: "fifo", size: 1, modifiedUnixNS: 0, version: "")
            await #expect(throws: OriginError.notFound) {
                try await origin.read(forged, range: 0..<1)
            }
        }
    }

    @Test func namesAreBytes() async throws {
        try await run { origin, root, _ in
            let key = ByteString([0x66, 0xFF, 0x0A, 0xFE])
            let path = Array(root.utf8) + [0x2F] + key.bytes + [0]
            let descriptor = unsafe open(
                path.map { CChar(bitPattern: $0) },
                O_CREAT | O_WRONLY,
                0o600
            )
            try #require(descriptor >= 0)
            close(descriptor)
            #expect(try await origin.listAll().objects.map(\.key) == ["dir/file", key])
            #expect(try await origin.attributes(of: key).size == 0)
        }
    }

    @Test func anEmptyDirectoryIsAPrefixButNoKey() async throws {
        try await run { origin, root, _ in
            try FileManager.default.createDirectory(
                atPath: "\(root)/empty",
                withIntermediateDirectories: true
            )
            #expect(try await origin.listAll(isDelimited: true).prefixes == ["dir/", "empty/"])
            #expect(try await origin.listAll().objects.map(\.key) == ["dir/file"])
        }
    }

    @Test func replacingAFileByAnEqualOneIsAChange() async throws {
        try await run { origin, root, _ in
            let old = try await origin.attributes(of: "dir/file")
            let twin = "\(root)/dir/twin"
            try Data("in".utf8).write(to: URL(filePath: twin))
            let time = timespec(
                tv_sec: Int(old.modifiedUnixNS / 1_000_000_000),
                tv_nsec: Int(old.modifiedUnixNS % 1_000_000_000)
            )
            let times = [time, time]
            try #require(unsafe utimensat(AT_FDCWD, twin, times, 0) == 0)
            try #require(unsafe rename(twin, "\(root)/dir/file") == 0)
            await #expect(throws: OriginError.changed) { try await origin.read(old, range: 0..<2) }
        }
    }

    @Test func aMissingDirectoryIsSaid() async throws {
        try await OriginRig.run { rig in
            let origin = try rig.origin("file:///nowhere/at/all")
            let said = OriginError.misconfigured(
                "directory /nowhere/at/all does not exist on this worker"
            )
            await #expect(throws: said) {
                try await origin.list(OriginListQuery(prefix: "", isDelimited: true))
            }
            #expect(rig.records() == [.init(method: .list, status: 500, byteCount: 0)])
        }
    }

    @Test func fileOriginsAreHeldTo() async throws {
        try await OriginRig.run(fileOrigins: .below(["/mnt/nfs"])) { rig in
            for uri in ["file:///mnt/nfs2", "file:///mnt", "file:///", "file:///etc"] {
                #expect(throws: OriginError.self, "\(uri)") { try rig.origin(uri) }
            }
            _ = try rig.origin("file:///mnt/nfs")
            _ = try rig.origin("file:///mnt/nfs/a/b")
        }
        try await OriginRig.run(fileOrigins: .below([])) { rig in
            #expect(throws: OriginError.self) { try rig.origin("file:///mnt/nfs") }
        }
    }

    /// The name lies below an allowed directory, the directory itself does not.
    @Test func aLinkDoesNotLeadOutOfFileOrigins() async throws {
        try await run { _, root, _ in
            try link("../outside", "\(root)/linked")
            let policy = FileOriginPolicy.below([ByteString(root)])
            try await OriginRig.run(fileOrigins: policy) { rig in
                let origin = try rig.origin("file://\(root)/linked")
                let error = await #expect(throws: OriginError.self) {
                    try await origin.attributes(of: "file")
                }
                guard case .misconfigured = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                _ = try await rig.origin("file://\(root)/dir").attributes(of: "file")
            }
        }
    }

    /// Against the obvious: all names sorted, in pages of every size.
    @Test(arguments: UInt64(1)...5)
    func pagesAreTheSortedTree(seed: UInt64) async throws {
        try await run { origin, root, _ in
            var random = SplitMix64(seed: seed)
            var expected: Set<ByteString> = ["dir/file"]
            for _ in 0..<60 {
                let parts = (0...Int.random(in: 0..<3, using: &random)).map { _ in
                    ["a", "b", "a.", "a0", "b-"].randomElement(using: &random) ?? "a"
                }
                let directory = parts.map { "\($0)d" }.joined(separator: "/")
                try FileManager.default.createDirectory(
                    atPath: "\(root)/\(directory)",
                    withIntermediateDirectories: true
                )
                let key = "\(directory)/\(parts[0])"
                try Data().write(to: URL(filePath: "\(root)/\(key)"))
                expected.insert(ByteString(key))
            }
            for limit in [1, 2, 7, 1000] {
                let listing = try await origin.listAll(limit: limit)
                #expect(listing.objects.map(\.key) == expected.sorted(), "limit \(limit)")
            }
            #expect(expected.count > 10)
        }
    }
}
