// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// A mount compared across regions, with real stores behind it.
    @Suite struct MountVerifyTests {
        private typealias Objects = [(key: ByteString, bytes: [UInt8])]

        /// A worker in `ap` and one in `us`.
        private struct TwoRegions {
            let cluster: TarnCluster
            let far: TarnWorker

            init(environment: [String: String] = S3.environment) async throws {
                cluster = try await TarnCluster.formed(
                    1,
                    environment: environment,
                    flags: ["--region", "ap"]
                )
                far = try cluster.additional(
                    "far",
                    environment: environment,
                    flags: ["--region", "us"]
                )
                try far.start(join: cluster.peers)
                try await far.untilReady()
            }

            func verify(_ flags: String...) async throws -> TarnRun {
                try await cluster.tarn(["mount", "verify", "/data/s", "--all-regions"] + flags)
            }
        }

        private static func objects(_ count: Int) -> Objects {
            (0..<count).map { number in
                (
                    ByteString("dir \(number % 3)/object-\(number)"),
                    pattern(100 + number, seed: UInt64(number))
                )
            }
        }

        private static func mount(_ near: S3Server, _ far: S3Server) -> [String] {
            S3.mount("/data/s", bucket: "lake", near) + [
                "--origin", "us=s3://lake-us", "--region-option", "us:endpoint=\(far.endpoint)",
                "--region-option", "us:path-style=true", "--region-option", "us:region=us-east-1",
            ]
        }

        /// Two different servers of S3: equal contents are identical, and each kind of difference is
        /// named, whatever a cache still has.
        @Test func bucketsOfTwoServersAreCompared() async throws {
            let near = try await S3Server(.rclone)
            let far = try await S3Server(.moto)
            let objects = Self.objects(20)
            try await near.put(objects, bucket: "lake")
            try await far.put(objects, bucket: "lake-us")
            let regions = try await TwoRegions()
            defer { regions.far.kill() }
            try await regions.cluster.done(Self.mount(near, far))

            let same = try await regions.verify()
            #expect(same.status == 0 && same.output.hasSuffix("IDENTICAL\n"), "\(same.summary)")
            #expect(same.output.contains("s3://lake-us"), "\(same.summary)")
            #expect(same.output.contains("names and sizes of 20 objects, content of 20"))

            let key = "/v1/files/data/s/dir%200/object-3"
            #expect(try await regions.far.web.get(key).body == objects[3].bytes)
            var other = objects[3].bytes
            other[50] ^= 1
            try await far.put(
                [
                    (objects[3].key, other), (objects[4].key, [1, 2, 3]), ("extra", [7]),
                ],
                bucket: "lake-us"
            )
            try await far.delete([objects[5].key], bucket: "lake-us")
            let different = try await regions.verify("-o", "json")
            #expect(different.status == 6, "\(different.summary)")
            let found = try Self.differences(different)
            #expect(
                Set(found.map { "\($0.what) \($0.name)" }) == [
                    "missing dir 2/object-5", "missing extra", "size dir 1/object-4",
                    "content dir 0/object-3",
                ]
            )
            let missing = try #require(found.first { $0.name == "dir 2/object-5" })
            #expect(missing.found == ["ap": "105 bytes", "us": "missing"])
            let extra = try #require(found.first { $0.name == "extra" })
            #expect(extra.found == ["ap": "missing", "us": "1 bytes"])
            #expect(found.first { $0.what == "size" }?.found["us"] == "3 bytes")
            let words = try await regions.verify()
            #expect(words.output.contains("content dir 0/object-3"), "\(words.summary)")
            #expect(words.output.hasSuffix("DIFFERENT\n"), "\(words.summary)")
        }

        /// Checksums that both stores keep find one changed object among more than are read.
        @Test func checksumsOfTheStoresDecide() async throws {
            let server = try await S3Server(.moto)
            let objects = Self.objects(80)
            try await server.put(objects, bucket: "lake", checksum: "SHA256")
            try await server.put(objects, bucket: "lake-us", checksum: "SHA256")
            let regions = try await TwoRegions()
            defer { regions.far.kill() }
            try await regions.cluster.done(Self.mount(server, server))
            let same = try await regions.verify()
            #expect(same.status == 0, "\(same.summary)")
            #expect(same.output.contains("sha256 of 80 by the stores\n"), "\(same.summary)")

            // The one that would be the last whose content is read.
            let last = try #require(
                objects.max { XXH64.hash($0.key.bytes) < XXH64.hash($1.key.bytes) }
            )
            let other = last.bytes.map { $0 ^ 1 }
            try await server.put([(last.key, other)], bucket: "lake-us", checksum: "SHA256")
            let different = try await regions.verify("-o", "json")
            #expect(different.status == 6, "\(different.summary)")
            let found = try Self.differences(different)
            #expect(found.map(\.name) == [last.key.text] && found.first?.what == "content")
            #expect(found.first?.found["us"]?.hasPrefix("sha256 ") == true)

            // Without a checksum of one kind everywhere, content is read instead.
            try await server.put(objects, bucket: "lake-us")
            let read = try await regions.verify()
            #expect(read.status == 0 && read.output.contains("content of 32"), "\(read.summary)")
        }

        /// A bucket and a directory, two directories; large files by their ends.
        @Test func directoriesAreComparedToo() async throws {
            let regions = try await TwoRegions()
            defer { regions.far.kill() }
            let cluster = regions.cluster
            let large = pattern(5 << 20, seed: 9)
            let files = ["a": large, "sub/b": [1, 2, 3], "empty": []]
            let near = try Self.directory("near", files, cluster)
            let far = try Self.directory("far", files, cluster)
            try await cluster.done(
                ["mount", "add", "/data/s", "file://\(near)", "--origin", "us=file://\(far)"]
                    + ["--origin", "nowhere=s3://lake"]
            )
            let same = try await regions.verify()
            #expect(same.status == 0, "\(same.summary)")
            #expect(same.output.contains("no worker in this region"), "\(same.summary)")
            #expect(same.output.contains("names and sizes of 3 objects, content of 3"))

            var other = large
            other[other.count - 1] ^= 1
            try Data(other).write(to: URL(filePath: "\(far)/a"))
            let different = try await regions.verify()
            #expect(different.status == 6, "\(different.summary)")
            #expect(different.output.contains("content a"), "\(different.summary)")

            let server = try await S3Server(.rclone)
            let stored = files.map { (ByteString($0.key), $0.value) }
            try await server.put(stored, bucket: "lake-us")
            try await cluster.done([
                "mount", "update", "/data/s", "--origin", "us=s3://lake-us", "--region-option",
                "us:endpoint=\(server.endpoint)", "--region-option", "us:path-style=true",
                "--region-option", "us:region=us-east-1",
            ])
            let mixed = try await regions.verify()
            #expect(mixed.status == 0, "\(mixed.summary)")
        }

        /// Goal: more keys than a sample holds, one of them gone: seen, in the sample or outside of it.
        @Test func aMissingFileAmongThousandsIsSeen() async throws {
            let regions = try await TwoRegions()
            defer { regions.far.kill() }
            let files = Dictionary(
                uniqueKeysWithValues: (0..<1300).map { ("d\($0 % 7)/f\($0)", [UInt8($0 % 251)]) }
            )
            let near = try Self.directory("near", files, regions.cluster)
            let far = try Self.directory("far", files, regions.cluster)
            try await regions.cluster.done(
                ["mount", "add", "/data/s", "file://\(near)", "--origin", "us=file://\(far)"]
            )
            let same = try await regions.verify()
            #expect(same.status == 0, "\(same.summary)")
            #expect(same.output.contains("names and sizes of 1000 objects, content of 32"))
            let byHash = files.keys.sorted {
                XXH64.hash(Array($0.utf8)) < XXH64.hash(Array($1.utf8))
            }
            try FileManager.default.removeItem(atPath: "\(far)/\(byHash[1200])")
            let outside = try await regions.verify()
            #expect(outside.status == 6, "\(outside.summary)")
            #expect(outside.output.contains("unsampled"), "\(outside.summary)")
            try FileManager.default.removeItem(atPath: "\(far)/\(byHash[500])")
            let inside = try await regions.verify()
            #expect(inside.output.contains("missing \(byHash[500])"), "\(inside.summary)")
        }

        /// A region that cannot be looked at is named, and never passes for identical.
        @Test func whatCannotBeReachedIsSaid() async throws {
            let regions = try await TwoRegions()
            defer { regions.far.kill() }
            let near = try Self.directory("near", ["a": [1]], regions.cluster)
            try await regions.cluster.done(
                ["mount", "add", "/data/s", "file://\(near)", "--no-check"]
                    + ["--origin", "us=file://\(regions.cluster.directory)/none"]
            )
            let absent = try await regions.verify()
            #expect(absent.status == 6, "\(absent.summary)")
            #expect(absent.output.hasSuffix("INCOMPLETE\n"), "\(absent.summary)")
            #expect(absent.output.contains("does not exist on this worker"), "\(absent.summary)")
            regions.far.kill()
            let dead = try await regions.verify("-o", "json")
            #expect(dead.status == 6, "\(dead.summary)")
            #expect(dead.output.contains("no worker of region 'us' answers"), "\(dead.summary)")
            #expect(dead.output.contains(#""verdict":"INCOMPLETE""#), "\(dead.summary)")
            let none = try await regions.cluster.tarn(
                ["mount", "verify", "/data/none", "--all-regions"]
            )
            #expect(none.status == 3, "\(none.summary)")
        }

        // MARK: - Parts

        private struct Difference: Decodable {
            let what: String
            let name: String
            let found: [String: String]
        }

        private static func differences(_ run: TarnRun) throws -> [Difference] {
            struct Document: Decodable { let differences: [Difference] }
            return try JSONDecoder().decode(Document.self, from: Data(run.output.utf8)).differences
        }

        private static func directory(
            _ name: String,
            _ files: [String: [UInt8]],
            _ cluster: TarnCluster
        ) throws -> String {
            let root = "\(cluster.directory)/\(name)"
            for (name, bytes) in files {
                let place = URL(filePath: "\(root)/\(name)")
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(bytes).write(to: place)
            }
            return root
        }
    }
}
