// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// What strangers and mistakes send: clear errors, no crash, bounded memory.
    @Suite struct BadInputTests {
        private static let tlsHello: [UInt8] =
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
            + pattern(501, seed: 7)

        /// First bytes of a conversation that should end at once, or never begin.
        static let blows: [(name: String, bytes: [UInt8])] = [
            ("nothing", []),
            ("zeros", [UInt8](repeating: 0, count: 4096)),
            ("ones", [UInt8](repeating: 0xFF, count: 4096)),
            ("noise", pattern(100_000, seed: 99)),
            ("a TLS hello", tlsHello),
            ("a huge frame", [0x7F, 0xFF, 0xFF, 0xFF] + pattern(64, seed: 3)),
            ("a huge frame, the other end", [0xFF, 0xFF, 0xFF, 0x7F] + pattern(64, seed: 3)),
            (
                "a request without an end",
                Array("GET / HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 65, count: 300_000)
            ),
            (
                "a huge body",
                Array(
                    "PUT /v1/mount?path=/a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
                        .utf8
                )
            ),
            (
                "two lengths",
                Array("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".utf8)
            ),
        ]

        @Test func garbageOnEveryPortHurtsNobody() async throws {
            let cluster = try await TarnCluster.formed()
            let content = pattern(300_000, seed: 1)
            try await cluster.mountDirectory(["x": content])
            let victim = cluster[2]
            for worker in cluster.workers { _ = try await worker.web.get("/v1/files/data/a/x") }
            let before = try victim.residentBytes()

            for port in victim.ports.all {
                for (name, bytes) in Self.blows {
                    for _ in 0..<10 {
                        let left = try RawSocket(port: port)
                        left.send(bytes)
                        left.close()
                    }
                    #expect(victim.process?.exitCode == nil, "\(name) on \(port)\n\(victim.logEnd)")
                }
            }
            var open: [RawSocket] = []  // Half-open: they say a little and then nothing.
            for port in victim.ports.all {
                for number in 0..<100 {
                    let socket = try RawSocket(port: port)
                    if number % 2 == 0 { socket.send([0x47]) }
                    open.append(socket)
                }
            }
            for worker in cluster.workers {
                #expect(try await worker.web.get("/v1/files/data/a/x").body == content)
            }
            #expect(try await victim.putMount("/data/b", "file:///tmp").status == 201)
            let after = try victim.residentBytes()
            #expect(after < before + 128 << 20, "\(before) → \(after) bytes")
            for socket in open { socket.close() }
            let document = try await victim.cluster()
            #expect(document.quorum == .init(have: 3, need: 2))
        }

        struct Configuration: Sendable, CustomTestStringConvertible {
            let name: String
            let yaml: String
            let expected: [String]
            var testDescription: String { name }
        }

        // swift-format-ignore
        static let configurations: [Configuration] = [
            .init(name: "unknown key",      yaml: "regoin: x\n",                              expected: ["worker.yaml:4:1", "regoin", "region"]),
            .init(name: "repeated key",     yaml: "zone: a\nzone: b\n",                       expected: ["worker.yaml:4:1", "zone"]),
            .init(name: "wrong unit",       yaml: "log: { level: loud }\n",                   expected: ["worker.yaml:4:15", "loud", "info"]),
            .init(name: "not YAML",         yaml: "zone: [a\n",                               expected: ["worker.yaml:", "not YAML"]),
            .init(name: "beyond loopback",  yaml: "listen: { http: 10.0.0.1:7400 }\n",        expected: ["worker.yaml:4:17", "insecure"]),
            .init(name: "not built yet",    yaml: "secret-file: /etc/hostname\n",             expected: ["worker.yaml:4:14", "not built yet"]),
        ]

        @Test(arguments: configurations)
        func aWrongConfigurationIsNamedByPlace(_ row: Configuration) async throws {
            let cluster = try TarnCluster(1)
            let file = "\(cluster.directory)/worker.yaml"
            let head =
                "name: w1\ndata-dir: \(cluster.directory)/d\n"
                + "cache: [{ path: \(cluster.directory)/c, capacity: 1GiB }]\n"
            try Data((head + row.yaml).utf8).write(to: URL(filePath: file))
            for extra in [[], ["--print-config"]] {
                let run = try await TarnBinary.run(
                    ["worker", "start", "--config", file] + extra,
                    in: cluster.directory
                )
                #expect(run.status == 64, "\(run.summary)")
                for part in row.expected {
                    #expect(run.errors.contains(part), "\(part) in\n\(run.summary)")
                }
            }
            #expect(!FileManager.default.fileExists(atPath: "\(cluster.directory)/d"))
        }

        /// What a start refuses with 4 a look at the configuration finds too, and touches nothing.
        @Test func aDataDirectoryOfSomebodyElseIsFoundWithoutStarting() async throws {
            let cluster = try TarnCluster(1)
            let home = "\(cluster.directory)/thesis"
            try FileManager.default.createDirectory(
                atPath: home,
                withIntermediateDirectories: true
            )
            try Data("x".utf8).write(to: URL(filePath: "\(home)/thesis.txt"))
            let words = [
                "worker", "start", "--data-dir", home, "--cache", "\(cluster.directory)/c=1GiB",
                "--listen-http", "127.0.0.1:0", "--listen-s3", "127.0.0.1:0", "--listen-data",
                "127.0.0.1:0", "--listen-peer", "127.0.0.1:0",
            ]
            let look = try await TarnBinary.run(words + ["--print-config"], in: cluster.directory)
            #expect(look.status == 64 && look.errors.contains("thesis.txt"), "\(look.summary)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: home) == ["thesis.txt"])
            let start = try await TarnBinary.run(words, in: cluster.directory)
            #expect(start.status == 4 && start.errors.contains("thesis.txt"), "\(start.summary)")
        }

        @Test func variablesAndFlagsAreReadAsStrictly() async throws {
            let cluster = try TarnCluster(1)
            let words = [
                "worker", "start", "--data-dir", "/tmp/never", "--cache", "/tmp/never=1GiB",
            ]
            let variable = try await TarnBinary.run(
                words,
                environment: ["TARN_WORKER_REGOIN": "x", "TARN_PORT": "tcp://10.0.0.1:7400"],
                in: cluster.directory
            )
            #expect(variable.status == 64 && variable.errors.contains("TARN_WORKER_REGOIN"))
            #expect(!variable.errors.contains("TARN_PORT"))
            let flag = try await TarnBinary.run(words + ["--zoen", "x"], in: cluster.directory)
            #expect(flag.status == 64 && flag.errors.contains("--zone"), "\(flag.summary)")
            let none = try await TarnBinary.run(["worker", "start"], in: cluster.directory)
            #expect(none.status == 64 && none.errors.contains("data-dir"), "\(none.summary)")
        }
    }
}
