// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import Testing

@Suite struct SettingsPrinterTests {
    static let configurations = [
        minimum,
        minimum + "name: n1\nzone: 'true'\nlog: { format: json }\n",
        """
        data-dir: "/with space/#hash: x"
        cache: [{ path: "/c'1", capacity: 1025MiB }, { path: /é, capacity: 16777217B }]
        listen: { http: "[::1]:7400" }
        join: ["[::1]:7403", host:1]
        file-origins: []
        data-socket: /s.sock
        log: { level: trace }
        """,
        minimum + "listen: { http: 0.0.0.0:0 }\ninsecure: true\nadvertise: lake.example\n",
        minimum + "name: '123'\nregion: '1e5'\nzone: '0x1F'\ndata-socket: '5'\n",
    ]

    /// What is printed is a configuration: read again it gives the same settings.
    @Test(arguments: configurations)
    func theOutputReadsBack(yaml: String) throws {
        let first = try read(yaml)
        let again = try read(SettingsPrinter(first).yaml())
        #expect(again.worker == first.worker)
        #expect(SettingsPrinter(again).yaml().contains("file w.yaml:"))
    }

    @Test func everyLineSaysWhereItsValueCameFrom() throws {
        let settings = try read(
            minimum,
            flags: [("--zone", "z")],
            environment: ["TARN_WORKER_REGION": "r"]
        )
        let lines = SettingsPrinter(settings).yaml().split(separator: "\n").map(String.init)
        let comments = [
            "# default", "# flag --zone", "# environment TARN_WORKER_REGION", "# file w.yaml:",
        ]
        for line in lines where !["listen:", "log:", "# tls:"].contains(line) {
            #expect(comments.contains { line.contains($0) }, "\(line)")
        }
        for key in SettingKey.all {
            let name = key.name.split(separator: ".").last.map(String.init) ?? ""
            #expect(lines.contains { $0.contains("\(name):") }, "\(key.name)")
        }
    }

    @Test func secretsArePrintedAsStars() throws {
        let directory = try scratchDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "hunter2.key")
        try Data("x".utf8).write(to: file)
        let settings = try read(minimum + "credentials: { lake: { file: \(file.path) } }\n")
        #expect(settings.worker.credentials.map(\.file) == [file.path])
        let printer = SettingsPrinter(settings)
        for text in [printer.yaml(), printer.json()] {
            #expect(text.contains("***") && text.contains("lake"))
            #expect(!text.contains("hunter2"))
        }
    }

    @Test func jsonIsOneArrayOfAllKeys() throws {
        let text = SettingsPrinter(try read(Self.configurations[2])).json()
        let rows = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
        )
        #expect(rows.compactMap { $0["key"] as? String } == SettingKey.all.map(\.name))
        #expect(
            rows.first { $0["key"] as? String == "data-dir" }?["value"] as? String
                == "/with space/#hash: x"
        )
        #expect(rows.first { $0["key"] as? String == "insecure" }?["value"] as? Bool == false)
    }
}
