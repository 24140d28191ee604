// SPDX-License-Identifier: Apache-2.0

import Primitives
import Settings
import Testing

@Suite struct SettingsReaderTests {
    @Test func theExampleOfTheManualIsRead() throws {
        let settings = try read(
            """
            name: w1
            region: ap-northeast
            zone: ap-northeast-a
            data-dir: /var/lib/tarn
            cache:
              - { path: /nvme0/tarn, capacity: 800GiB }
              - path: /nvme1/tarn
                capacity: 1TiB
            listen: { http: 0.0.0.0:7400, s3: 0.0.0.0:7401, data: 0.0.0.0:7402, peer: 0.0.0.0:7403 }
            advertise: 10.0.1.11
            join: [10.0.1.11:7403, "[fd00::2]:7403"]
            data-socket: /run/tarn/5f3c.sock
            file-origins: [/mnt/nfs]
            log: { level: debug, format: text }
            insecure: true
            """
        ).worker
        #expect(settings.name == "w1")
        #expect(settings.cache.map(\.capacity) == [.gibibytes(800), .gibibytes(1024)])
        #expect(settings.capacity == .gibibytes(1824))
        #expect(settings.listen.http == HostPort(host: "0.0.0.0", port: 7400))
        #expect(settings.join.last == HostPort(host: "fd00::2", port: 7403))
        #expect(settings.fileOrigins == .below(["/mnt/nfs"]))
        #expect(settings.log == .init(level: .debug, format: .text))
        #expect(settings.advertised(settings.listen.peer).description == "10.0.1.11:7403")
        #expect(settings.dataSocketPath(store: "5f") == "/run/tarn/5f3c.sock")
    }

    // swift-format-ignore
    static let words: [(yaml: String, zone: String)] = [
        ("\"123\"", "123"), ("'true'", "true"), ("1a", "1a"), ("1.2.3", "1.2.3"), ("0x", "0x"),
        ("e5", "e5"), ("1-2", "1-2"), ("yes", "yes"),
    ]

    @Test(arguments: words)
    func quotedAndOtherWordsAreTexts(row: (yaml: String, zone: String)) throws {
        #expect(try read(minimum + "zone: \(row.yaml)\n").worker.zone == row.zone)
    }

    @Test func defaultsAreThoseOfTheTable() throws {
        let settings = try read(minimum).worker
        #expect(settings.name == "node-1")
        #expect(settings.region == "default" && settings.zone == "default")
        #expect(settings.listen.peer.description == "127.0.0.1:7403")
        #expect(settings.fileOrigins == .any)
        #expect(settings.join.isEmpty && settings.credentials.isEmpty)
        #expect(settings.dataSocketPath(store: "ab") == "/run/tarn/ab.sock")
        let plain = HostFacts(name: "n", workingDirectory: "/", canWriteRun: false)
        let elsewhere = try read(minimum, host: plain).worker
        #expect(elsewhere.dataSocketPath(store: "ab") == "/d/data.sock")
    }

    // swift-format-ignore
    static let precedence: [(flag: String?, variable: String?, file: String?, wins: String, origin: String)] = [
        ("f",  "e",  "y",  "f",       "flag --zone"),
        (nil,  "e",  "y",  "e",       "environment TARN_WORKER_ZONE"),
        (nil,  nil,  "y",  "y",       "file w.yaml:3"),
        (nil,  nil,  nil,  "default", "default"),
        ("f",  nil,  nil,  "f",       "flag --zone"),
    ]

    @Test(arguments: precedence.indices)
    func theHigherSourceCounts(row: Int) throws {
        let row = Self.precedence[row]
        let settings = try read(
            minimum + (row.file.map { "zone: \($0)\n" } ?? ""),
            flags: row.flag.map { [("--zone", $0)] } ?? [],
            environment: row.variable.map { ["TARN_WORKER_ZONE": $0] } ?? [:]
        )
        #expect(settings.worker.zone == row.wins)
        let entry = settings.entries.first { $0.key.name == "zone" }
        #expect(entry?.origin.text == row.origin)
    }

    @Test func textFormsOfListsAreCommaSeparated() throws {
        let settings = try read(
            flags: [
                ("--cache", "/c1=1GiB,/c2=512MiB"), ("--join", "a:1,b:2"), ("--data-dir", "d"),
            ],
            environment: ["TARN_WORKER_FILE_ORIGINS": "/a,/b/"]
        ).worker
        #expect(settings.cache.map(\.path) == ["/c1", "/c2"])
        #expect(settings.join.map(\.description) == ["a:1", "b:2"])
        #expect(settings.dataDirectory == "/work-dir/d")
        #expect(settings.fileOrigins == .below(["/a", "/b"]))
    }

    @Test func variablesOfOthersAreLeftAlone() throws {
        let foreign = ["TARN_PORT": "tcp://10.0.0.1:80", "TARN_ADDR": "x", "PATH": "/bin"]
        #expect(problems(minimum, environment: foreign).isEmpty)
    }

    @Test func theLastFlagOfANameCounts() throws {
        let settings = try read(minimum, flags: [("--zone", "a"), ("--zone", "b")])
        #expect(settings.worker.zone == "b")
    }

    @Test func fileOriginsAreNoneBeyondLoopback() throws {
        let settings = try read(
            minimum + "listen: { http: 0.0.0.0:7400 }\ninsecure: true\nadvertise: h\n"
        ).worker
        #expect(settings.fileOrigins == .below([]))
    }

    @Test func portZeroAsksForFreePorts() throws {
        let zero =
            "listen: { http: 127.0.0.1:0, s3: 127.0.0.1:0, data: 127.0.0.1:0, peer: 127.0.0.1:0 }\n"
        #expect(try read(minimum + zero).worker.listen.data.port == 0)
    }
}
