// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import Synchronization
import TestKit
import Testing

extension ProcessTests {
    /// Credentials that the cluster keeps, with real workers and a store that checks keys.
    @Suite struct CredentialTests {
        private static let old = S3Server.Key.usual
        private static let new = S3Server.Key(access: "tarn-next", secret: "tarn-next-hunter2")
        private static let last = S3Server.Key(access: "tarn-last", secret: "tarn-last-hunter3")
        private static let keys = [old, new, last]
        /// Nothing of this machine's own settings.
        fileprivate static let environment = [
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        ]

        /// Goal: a key is replaced under readers: none of them notices, no worker is started again, and
        /// once the store turns the old key away, nothing works but the new one.
        @Test func aKeyIsReplacedUnderReaders() async throws {
            let server = try await S3Server(.rclone)
            let objects = (0..<400).map { number in
                (key: ByteString("o\(number)"), bytes: pattern(100, seed: UInt64(number)))
            }
            try await server.put(objects, bucket: "lake")
            let scratch = try Keys([1])
            let cluster = try await TarnCluster.formed(
                environment: Self.environment,
                flags: scratch.flags
            )
            let kept = try await put(Self.old, cluster, scratch, ["--from-file"])
            #expect(kept.output.contains("kept at revision"), "\(kept.summary)")
            try await cluster.done(
                S3.mount("/data/s", bucket: "lake", server) + ["--credential", "lake-key"]
            )
            let shown = try await cluster.done(["mount", "show", "/data/s"])
            #expect(shown.contains("replicated credential lake-key"), "\(shown)")
            let processes = cluster.workers.map { $0.process?.pid }

            let reader = Reader(cluster: cluster, objects: objects)
            try await reader.read(20)
            // As a store's owner rotates: both keys are good for a while.
            try await server.restart(accepting: [Self.old, Self.new])
            try await reader.read(20)
            async let reading: Void = reader.read(100)
            let replaced = try await put(Self.new, cluster, scratch, ["--from-env"])
            #expect(replaced.output.contains("replaced at revision"), "\(replaced.summary)")
            try await reading
            try await server.restart(accepting: [Self.new])
            try await reader.read(40)

            // As it should not be done: the key is gone before the next one is put.
            try await server.restart(accepting: [Self.last])
            let denied = try await cluster[1].web.get("/v1/files/data/s/o399")
            #expect(denied.status == 403 && denied.code == "not-authorised", "\(denied.text)")
            try await put(Self.last, cluster, scratch, ["--from-file"])
            for worker in cluster.workers {
                try await worker.until("\(worker.name) signs anew", within: .seconds(10)) {
                    try await worker.web.get("/v1/files/data/s/o\(reader.nextObject())").status
                        == 200
                }
            }
            try await reader.read(20)
            #expect(cluster.workers.map { $0.process?.pid } == processes)
            #expect(cluster.workers.allSatisfy { $0.process?.exitCode == nil })

            try await expectNoValues(cluster, scratch)
        }

        @Test func whoLacksAKeySaysSo() async throws {
            let rig = try await TwoKeyrings()
            defer { rig.stranger.kill() }
            try await put(Self.old, rig.cluster, rig.keys, ["--from-file"])
            try await rig.mount()
            let id = try await keyID(rig.cluster)
            try await rig.stranger.until("an alarm of w9") { try await isAlarmed(rig.stranger) }
            let doctor = try await rig.cluster.tarn(["doctor"], at: rig.stranger)
            #expect(doctor.status == 1, "\(doctor.summary)")
            for word in ["credential-sealed", id, "Docs/credentials.md"] {
                #expect(doctor.output.contains(word), "\(word): \(doctor.summary)")
            }
            // What w1 fetches is read through w9 as well; what w9 itself has to fetch is not.
            var failures = 0
            for object in rig.objects {
                let answer = try await rig.stranger.web.get("/v1/files/data/s/\(object.key)")
                if answer.body == object.bytes { continue }
                #expect(answer.status == 502 && answer.text.contains(id), "\(answer.text)")
                failures += 1
            }
            #expect(failures > 0, "w9 owns nothing")

            try rig.strangersKeys.write([9, 1])
            try await rig.untilNobodyIsAlarmed()
            for object in rig.objects {
                let answer = try await rig.stranger.web.get("/v1/files/data/s/\(object.key)")
                #expect(answer.body == object.bytes, "\(answer.text)")
            }
            try await expectNoValues(rig.cluster, rig.keys)
        }

        /// The new key opens everywhere, then seals, then is alone.
        @Test func keysRotate() async throws {
            let rig = try await TwoKeyrings()
            defer { rig.stranger.kill() }
            try rig.strangersKeys.write([1, 2])
            try await put(Self.old, rig.cluster, rig.keys, ["--from-file"])
            try await rig.mount()
            let id = try await keyID(rig.cluster)
            try rig.keys.write([2, 1])
            let rotated = try await rig.cluster.tarn(["credential", "rotate"])
            #expect(rotated.status == 0, "\(rotated.summary)")
            #expect(rotated.output.contains("resealed"), "\(rotated.summary)")
            #expect(rotated.errors.contains("key \(id) is not needed any more"))
            #expect(try await keyID(rig.cluster) != id)
            try rig.keys.write([2])
            try rig.strangersKeys.write([2])
            let again = try await rig.cluster.tarn(["credential", "rotate"])
            #expect(again.status == 0 && again.output.contains("current"), "\(again.summary)")
            #expect(!again.errors.contains("not needed"), "\(again.summary)")
            try await rig.untilNobodyIsAlarmed()
            for (index, object) in rig.objects.enumerated() {
                let worker = index.isMultiple(of: 2) ? rig.cluster[1] : rig.stranger
                let answer = try await worker.web.get("/v1/files/data/s/\(object.key)")
                #expect(answer.body == object.bytes, "\(worker.name): \(answer.text)")
            }
            try await expectNoValues(rig.cluster, rig.keys)
        }

        @Test func aRestoredClusterSignsWithWhatItTookOver() async throws {
            let server = try await S3Server(.rclone)
            try await server.put([("x", [1]), ("y", [2])], bucket: "lake")
            let scratch = try Keys([1])
            let cluster = try await TarnCluster.formed(
                1,
                environment: Self.environment,
                flags: scratch.flags
            )
            try await put(Self.old, cluster, scratch, ["--from-file"])
            try await cluster.done(
                S3.mount("/data/s", bucket: "lake", server) + ["--credential", "lake-key"]
            )
            let file = "\(cluster.directory)/tarn.backup"
            try await cluster.done(["cluster", "backup", file])
            try await expectNoValues(cluster, scratch)
            cluster[1].kill()
            for part in [cluster[1].dataDirectory, cluster[1].cacheDirectory] {
                try FileManager.default.removeItem(atPath: part)
            }
            try cluster[1].start()
            try await cluster[1].untilAlive()
            try await cluster.done(["cluster", "restore", file, "--yes"])
            try await cluster[1].untilReady()
            #expect(try await cluster[1].web.get("/v1/files/data/s/y").body == [2])
        }

        @Test func removingAsksAndSaysWhoNeedsIt() async throws {
            let scratch = try Keys([1])
            let cluster = try await TarnCluster.formed(
                1,
                environment: Self.environment,
                flags: scratch.flags
            )
            try await put(Self.old, cluster, scratch, ["--from-file"])
            try await cluster.done([
                "mount", "add", "/data/s", "s3://lake", "--credential", "lake-key", "--no-check",
            ])
            let listed = try await cluster.done(["credential", "list"])
            #expect(listed.contains("lake-key") && listed.contains("/data/s"), "\(listed)")
            // swift-format-ignore
            let rows: [(words: [String], exit: Int32, says: String)] = [
                (["remove", "lake-key"],                    64, "Nothing done"),
                (["remove", "lake-key", "--yes"],            4, "/data/s"),
                (["remove", "nobody", "--yes"],              3, "no credential 'nobody'"),
                (["remove", "lake-key", "--force", "--yes"], 0, "These mounts name it: /data/s"),
            ]
            for row in rows {
                let run = try await cluster.tarn(["credential"] + row.words)
                #expect(run.status == row.exit, "\(row.words): \(run.summary)")
                #expect(run.errors.contains(row.says), "\(row.words): \(run.summary)")
            }
            let read = try await cluster[1].web.get("/v1/files/data/s/x")
            #expect(read.status == 422 && read.code == "unknown-credential", "\(read.text)")

            let keyless = try await TarnCluster.formed(1, environment: Self.environment)
            let refused = try await put(Self.old, keyless, scratch, ["--from-file"])
            #expect(refused.status == 4, "\(refused.summary)")
            #expect(refused.errors.contains("credential-key-file"), "\(refused.summary)")
            #expect(!refused.summary.contains(Self.old.secret))
        }

        // MARK: - Parts

        /// Puts a key under `lake-key` through the command line, and makes sure that it printed none.
        @discardableResult
        private func put(
            _ key: S3Server.Key,
            _ cluster: TarnCluster,
            _ scratch: Keys,
            _ way: [String],
            at worker: TarnWorker? = nil
        ) async throws -> TarnRun {
            let words =
                way == ["--from-file"]
                ? way + [try scratch.file(of: key)]
                : way + [
                    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY=\(key.secret)",
                ]
            let run = try await cluster.tarn(
                ["credential", "put", "lake-key"] + words,
                at: worker,
                environment: ["AWS_ACCESS_KEY_ID": key.access]
            )
            #expect(!run.output.contains(key.secret) && !run.errors.contains(key.secret))
            return run
        }

        private func keyID(_ cluster: TarnCluster) async throws -> String {
            let answer = try await cluster[1].web.get("/v1/credential?name=lake-key")
            return try answer.document(CredentialDocument.self).keyId
        }

        /// Looks for every value in all that the workers wrote and answer.
        private func expectNoValues(_ cluster: TarnCluster, _ scratch: Keys) async throws {
            let file = "\(cluster.directory)/values.backup"
            try await cluster.done(["cluster", "backup", file])
            var texts: [(place: String, bytes: Data)] = []
            let paths = FileManager.default.enumerator(atPath: cluster.directory)
            while let path = paths?.nextObject() as? String {
                let whole = "\(cluster.directory)/\(path)"
                guard let bytes = try? Data(contentsOf: URL(filePath: whole)) else { continue }
                texts.append((path, bytes))
            }
            #expect(texts.contains { $0.place.hasPrefix("w1/data/") })
            #expect(texts.contains { $0.place == "values.backup" })
            let targets = [
                "/v1/credentials", "/v1/credential?name=lake-key", "/v1/mounts", "/v1/cluster",
                "/v1/mount?path=/data/s", "/v1/mount/history?path=/data/s", "/metrics",
            ]
            for target in targets {
                let answer = try await cluster[1].web.get(target)
                #expect(answer.status == 200, "\(target)")
                texts.append((target, Data(answer.body)))
            }
            let watch = try await cluster[1].web.lines("/v1/watch?state=true")
            defer { watch.close() }
            try await waitUntil("the state") { watch.lines.contains { $0.contains("progress") } }
            #expect(watch.lines.contains { $0.contains("credentials/lake-key") })
            texts.append(("/v1/watch", Data(watch.lines.joined().utf8)))
            for key in Self.keys {
                for value in [key.secret, key.access] {
                    let forms = [
                        Data(value.utf8), Data(Data(value.utf8).base64EncodedString().utf8),
                    ]
                    for form in forms {
                        for text in texts where text.bytes.range(of: form) != nil {
                            Issue.record("\(text.place) holds '\(value)'")
                        }
                    }
                }
            }
            for byte in scratch.bytes {
                let key = Data(repeating: byte, count: 32)
                #expect(!texts.contains { $0.bytes.range(of: key) != nil })
            }
        }
    }
}

private func isAlarmed(_ worker: TarnWorker) async throws -> Bool {
    let text = try await worker.web.get("/metrics").text
    let isRaised = text.contains(#"tarn_alarm{kind="credential-sealed"} 1"#)
    #expect(isRaised || text.contains(#"tarn_alarm{kind="credential-sealed"} 0"#))
    return isRaised
}

/// A store, w1 with key 1, and w9 with a key of its own.
private struct TwoKeyrings {
    let server: S3Server
    let objects = (0..<40).map { (key: ByteString("o\($0)"), bytes: [UInt8($0)]) }
    let keys: Keys
    let strangersKeys: Keys
    let cluster: TarnCluster
    let stranger: TarnWorker

    init() async throws {
        server = try await S3Server(.rclone)
        try await server.put(objects, bucket: "lake")
        keys = try Keys([1])
        strangersKeys = try Keys([9])
        let environment = ProcessTests.CredentialTests.environment
        cluster = try await TarnCluster.formed(1, environment: environment, flags: keys.flags)
        stranger = try cluster.additional(
            "w9",
            environment: environment,
            flags: strangersKeys.flags
        )
        try stranger.start(join: cluster.peers)
        try await stranger.untilReady()
    }

    func mount() async throws {
        try await cluster.done(
            S3.mount("/data/s", bucket: "lake", server) + ["--credential", "lake-key"]
        )
    }

    func untilNobodyIsAlarmed() async throws {
        for worker in [cluster[1], stranger] {
            try await worker.until("\(worker.name) opens everything", within: .seconds(15)) {
                let isRaised = try await isAlarmed(worker)
                return !isRaised
            }
        }
    }
}

/// A worker's key file, and files of credentials, where no worker keeps anything.
private final class Keys: Sendable {
    private let directory = FileManager.default.temporaryDirectory
        .appending(path: "tarn-keys-\(UUID().uuidString)")
    /// Every byte that a key was made of.
    let bytes: [UInt8] = [1, 2, 9]

    init(_ keys: [UInt8]) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try write(keys)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    var flags: [String] { ["--credential-key-file", directory.appending(path: "keys").path] }

    func write(_ keys: [UInt8]) throws {
        let text = keys.map { hexText([UInt8](repeating: $0, count: 32)) + "\n" }.joined()
        // In one step: a worker that reads it meanwhile must not see half of it.
        try Data(text.utf8).write(to: directory.appending(path: "keys"), options: .atomic)
    }

    func file(of key: S3Server.Key) throws -> String {
        let file = directory.appending(path: "credential")
        let text =
            "[default]\naws_access_key_id = \(key.access)\naws_secret_access_key = \(key.secret)\n"
        try Data(text.utf8).write(to: file)
        return file.path
    }
}

/// Reads objects that nobody has read yet, through every worker in turn.
private final class Reader: Sendable {
    private let cluster: TarnCluster
    private let objects: [(key: ByteString, bytes: [UInt8])]
    private let next = Mutex(0)

    init(cluster: TarnCluster, objects: [(key: ByteString, bytes: [UInt8])]) {
        self.cluster = cluster
        self.objects = objects
    }

    /// The number of one that is read no more.
    func nextObject() -> Int {
        next.withLock { next in
            next += 1
            return next - 1
        }
    }

    func read(_ count: Int) async throws {
        for _ in 0..<count {
            let number = nextObject()
            let worker = cluster.workers[number % cluster.workers.count]
            let answer = try await worker.web.get("/v1/files/data/s/\(objects[number].key)")
            #expect(answer.status == 200, "\(number): \(answer.text.prefix(300))")
            #expect(answer.body == objects[number].bytes, "\(number)")
        }
    }
}
