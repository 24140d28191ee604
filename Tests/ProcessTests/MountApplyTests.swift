// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// A mount table made what a file says.
    @Suite struct MountApplyTests {
        private static let first = """
            mounts:
              /data/a: s3://lake/a
              /data/b:
                origin: s3://lake/b
                replicas: 2
                regions: { us: s3://lake-us/b }
            """

        private static func write(_ text: String, _ cluster: TarnCluster) throws -> String {
            let path = "\(cluster.directory)/mounts.yaml"
            try Data(text.utf8).write(to: URL(filePath: path))
            return path
        }

        private static func apply(
            _ cluster: TarnCluster,
            _ flags: String...
        ) async throws -> TarnRun {
            let file = "\(cluster.directory)/mounts.yaml"
            return try await cluster.tarn(["mount", "apply", "-f", file, "--no-check"] + flags)
        }

        private static func mounts(_ cluster: TarnCluster) async throws -> [MountDocument] {
            try await cluster[1].web.get("/v1/mounts").document(Page<MountDocument>.self).items
        }

        @Test func theTableBecomesWhatTheFileSays() async throws {
            let cluster = try await TarnCluster.formed(1)
            _ = try Self.write(Self.first, cluster)
            let shown = try await Self.apply(cluster, "--dry-run")
            #expect(shown.status == 0, "\(shown.summary)")
            #expect(shown.output.contains("+ /data/a\n    origin: s3://lake/a\n"))
            #expect(shown.output.contains("2 to create, 0 to change, 0 to delete"))
            #expect(try await Self.mounts(cluster).isEmpty, "a dry run writes nothing")

            let done = try await Self.apply(cluster)
            #expect(done.status == 0 && done.output.hasSuffix("done\n"), "\(done.summary)")
            let made = try await Self.mounts(cluster)
            #expect(made.map(\.path) == ["/data/a", "/data/b"])
            #expect(made[1].replicas == 2 && made[1].regions["us"]?.origin == "s3://lake-us/b")

            let again = try await Self.apply(cluster)
            #expect(again.status == 0 && again.output == "nothing to do\n", "\(again.summary)")
            #expect(try await Self.mounts(cluster) == made, "no new revision")

            let spelled = Self.first.replacing("s3://lake/a", with: "s3://lake/a/")
                .replacing("replicas: 2", with: "replicas: 3\n    metadata-ttl: 1m")
            _ = try Self.write(spelled, cluster)
            let changed = try await Self.apply(cluster)
            #expect(changed.output.hasPrefix("~ /data/b\n    replicas: 2 → 3\n0 to create"))
            #expect(try await Self.mounts(cluster).map(\.replicas) == [1, 3])
        }

        @Test func onlyPruningDeletesAndItAsks() async throws {
            let cluster = try await TarnCluster.formed(1)
            _ = try Self.write(Self.first, cluster)
            #expect(try await Self.apply(cluster).status == 0)
            #expect(try await cluster[1].putMount("/data/c", "s3://lake/c").status == 201)

            let kept = try await Self.apply(cluster)
            #expect(kept.status == 0 && kept.errors.contains("/data/c"), "\(kept.summary)")
            let shown = try await Self.apply(cluster, "--prune", "--dry-run")
            #expect(shown.status == 0 && shown.output.contains("− /data/c\n"), "\(shown.summary)")
            let unasked = try await Self.apply(cluster, "--prune")
            #expect(unasked.status == 64 && unasked.errors.contains("--yes"), "\(unasked.summary)")
            #expect(try await Self.mounts(cluster).count == 3)
            let pruned = try await Self.apply(cluster, "--prune", "--yes", "-o", "json")
            #expect(pruned.status == 0, "\(pruned.summary)")
            #expect(pruned.output.contains(#""action":"delete""#), "\(pruned.summary)")
            #expect(pruned.output.contains(#""result":"done""#), "\(pruned.summary)")
            #expect(try await Self.mounts(cluster).map(\.path) == ["/data/a", "/data/b"])
        }

        @Test func aWrongFileChangesNothing() async throws {
            let cluster = try await TarnCluster.formed(1)
            for (text, words) in [
                ("mounts:\n  /data/a: { orign: s3://b }", ["mounts.yaml:2:14", "'origin'"]),
                ("mounts:\n  data/a: s3://b", ["mounts.yaml:2:3", "not absolute"]),
                ("mounts:\n  /a: gs://b", ["mounts.yaml:2:3", "unknown scheme"]),
                (
                    "mounts:\n  /a: s3://b\n  /b:\n    { origin: s3://b, options: { endpont: x } }",
                    ["mounts.yaml:3:3", "endpoint"]
                ),
                ("mounts:\n  /a: { origin: s3://b, replicas: 9 }", ["mounts.yaml:2:3", "1...8"]),
            ] {
                _ = try Self.write(text, cluster)
                let run = try await Self.apply(cluster)
                #expect(run.status == 64, "\(run.summary)")
                for word in words { #expect(run.errors.contains(word), "\(word): \(run.summary)") }
            }
            let absent = try await cluster.tarn(["mount", "apply", "-f", "none.yaml"])
            #expect(absent.status == 64 && absent.errors.contains("none.yaml"))
            #expect(try await Self.mounts(cluster).isEmpty)
        }

        /// Goal: what somebody else changes between reading and writing is reported and left alone, and
        /// nothing is deleted behind a failure.
        @Test func aConcurrentChangeIsLeftAlone() async throws {
            let cluster = try await TarnCluster.formed(1)
            let silent = try await SilentStore()
            #expect(try await cluster[1].putMount("/data/b", "s3://lake/b").status == 201)
            #expect(try await cluster[1].putMount("/data/z", "s3://lake/z").status == 201)
            let file = try Self.write(
                """
                mounts:
                  /data/a:
                    origin: s3://lake
                    options: { endpoint: "\(silent.endpoint)", anonymous: true }
                  /data/b: file://\(cluster.directory)
                """,
                cluster
            )
            // It waits for the first origin to list while the second mount changes.
            async let running = cluster.tarn(
                ["mount", "apply", "-f", file, "--prune", "--yes", "--timeout", "60s"]
            )
            try await waitUntil("the first origin is asked") { silent.unansweredCount > 0 }
            let other = try await cluster[1].putMount(
                "/data/b",
                "s3://lake/theirs",
                ["If-Match": "*"]
            )
            #expect(other.status == 200)
            let run = try await running
            #expect(run.status == 6, "\(run.summary)")
            #expect(run.errors.contains("! /data/b: changed by somebody else"), "\(run.summary)")
            let left = try await Self.mounts(cluster)
            #expect(left.map(\.origin) == ["s3://lake/theirs", "s3://lake/z"], "\(run.summary)")
        }
    }
}
