// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import Testing

import tarn

/// Goal: an image built from the Dockerfile runs a worker, though no engine runs here.
///
/// Method: everything the file names is looked up in the product or in the file itself.
@Suite struct DockerfileTests {
    let file: Dockerfile

    init() throws { file = Dockerfile(try Repository.text("Dockerfile")) }

    @Test func itHasTwoStagesAndCopiesTheBinaryFromTheFirst() throws {
        let stages = file.instructions.filter { $0.name == "FROM" }
        #expect(stages.count == 2)
        #expect(stages.first?.words.suffix(2) == ["AS", "build"])
        let built = try #require(file.instructions.first { $0.arguments.contains("swift build") })
        #expect(
            built.arguments.contains("swift build -c release --product tarn --static-swift-stdlib")
        )
        #expect(built.arguments.contains(".build/release/tarn /out/tarn"))
        let copy = try #require(file.final.first { $0.name == "COPY" })
        #expect(copy.words == ["--from=build", "/out/tarn", "/usr/local/bin/tarn"])
        #expect(try Repository.text("Package.swift").contains(".executable(name: \"tarn\""))
    }

    @Test func whatItCopiesIsThereAndNotIgnored() throws {
        let ignored = try Repository.text(".dockerignore").split(separator: "\n").map(String.init)
        let sources = file.instructions
            .filter { $0.name == "COPY" && !$0.arguments.hasPrefix("--from") }
            .flatMap { $0.words.dropLast() }
        #expect(sources.contains("Package.swift") && sources.contains("Sources"))
        for source in sources {
            #expect(Repository.exists(source), "\(source) is not in the repository")
            #expect(!ignored.contains(source), "\(source) is in .dockerignore")
        }
    }

    /// The build stage's packages are those that dev/install asks for, as far as building goes.
    @Test func itInstallsWhatBuildingNeeds() throws {
        let install = try Repository.text("dev/install")
        for package in ["libfuse3-dev", "pkg-config"] {
            #expect(install.contains("echo \(package)\n"))
            #expect(
                file.instructions.contains { $0.name == "RUN" && $0.arguments.contains(package) }
            )
        }
        let final = file.final.filter { $0.name == "RUN" }.map(\.arguments).joined()
        #expect(final.contains(" fuse3 ") && final.contains(" ca-certificates "))
    }

    @Test func itsCommandIsOneOfTheProductAndItsVariablesAreItsKeys() throws {
        #expect(file.last("ENTRYPOINT") == ["tarn"])
        let words = file.last("CMD")
        #expect(words == ["worker", "start"])
        _ = try TarnCommandLine.parse(words)

        let known = Set(SettingKey.all.map(\.variable))
        #expect(file.environment.count == 2)
        for name in file.environment.keys { #expect(known.contains(name), "\(name)") }
        let worker = try settings(environment: file.environment)
        #expect(file.last("VOLUME") == ["/var/lib/tarn", "/var/cache/tarn"])
        #expect(worker.dataDirectory.hasPrefix("/var/lib/tarn/"))
        #expect(worker.cache.map(\.path) == ["/var/cache/tarn"])
    }

    @Test func theUserCanWriteWhatTheWorkerWrites() throws {
        #expect(file.last("USER") == ["tarn"])
        let run = file.final.filter { $0.name == "RUN" }.map(\.arguments).joined()
        #expect(run.contains("--home-dir /var/lib/tarn --create-home tarn"))
        #expect(run.contains("install -d -o tarn -g tarn -m 750 /var/cache/tarn"))
    }

    /// Every listener that is served, and no other.
    @Test func itExposesThePortsOfTheListeners() throws {
        let listen = try settings(environment: file.environment).listen
        let served = [listen.http, listen.data, listen.peer].map { String($0.port) }
        #expect(file.last("EXPOSE") == served + ["\(listen.peer.port)/udp"])
    }

    @Test func itsHealthCheckAsksACallThatExists() throws {
        let check = file.last("HEALTHCHECK")
        let url = try #require(check.last.flatMap { URL(string: $0) })
        let listen = try settings(environment: file.environment).listen
        #expect(url.port == Int(listen.http.port) && url.host() == listen.http.host)
        #expect(try Repository.sources(below: "Sources/HTTPAPI", hold: "\"\(url.path())\""))
        let run = file.final.filter { $0.name == "RUN" }.map(\.arguments).joined()
        #expect(check.first == "curl" && run.contains(" curl "))
    }
}
