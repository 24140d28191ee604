// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LogStorage
import Settings
import SystemPackage

struct WorkerStart: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Run a worker in the foreground.",
        discussion: """
            A flag counts before its variable (TARN_WORKER_LISTEN_HTTP for --listen-http), that \
            before the file, and that before the default. Docs/configuration.md describes every \
            key. SIGTERM ends the worker cleanly.

            EXAMPLES:
              tarn worker start --config /etc/tarn/worker.yaml
              tarn worker start --config /etc/tarn/worker.yaml --print-config
              tarn worker start --data-dir /var/lib/tarn --cache /nvme0=800GiB

            EXIT STATUS:
              0   ended as asked, or the configuration is right
              1   an I/O error
              4   the data-dir is refused: another cluster's, a removed worker's, or damaged
              64  the configuration or the command line is wrong
            """
    )

    @Option(help: ArgumentHelp("Configuration file, YAML.", valueName: "file"))
    var config: String?

    @Flag(help: "Print every effective value and where it came from, check all, and exit.")
    var printConfig = false

    @OptionGroup(title: "Configuration") var flags: WorkerFlags

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run() async throws {
        let settings: EffectiveSettings
        do {
            settings = try SettingsReader(
                flags: flags.given,
                environment: ProcessInfo.processInfo.environment,
                file: try config.map { (path) throws(SettingsError) in
                    try ConfigurationFile(reading: path)
                },
                host: .current()
            ).read()
        } catch {
            throw CommandFailure.configuration(error)
        }
        if printConfig {
            try Self.checkDataDirectory(settings.worker)
            let printer = SettingsPrinter(settings)
            try Terminal.write(output.output == .json ? printer.json() : printer.yaml())
            return
        }
        let status = await WorkerProcess.run(settings: settings.worker)
        if status != 0 { throw CommandFailure.silent(status: status) }
    }

    /// What `worker start` would refuse the data-dir for, found without touching it.
    private static func checkDataDirectory(
        _ settings: WorkerSettings
    ) throws(CommandFailure) {
        do throws(DataDirectoryError) {
            try DataDirectory.check(at: FilePath(settings.dataDirectory), name: settings.name)
        } catch {
            throw .configuration("1 problem in the configuration\n  \(error)")
        }
    }
}

extension CommandFailure {
    /// Every problem on a line of its own.
    static func configuration(_ error: SettingsError) -> Self {
        let problems = error.problems
        let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
        return .configuration(
            "\(count) in the configuration\n"
                + problems.map { "  \($0)" }.joined(separator: "\n")
        )
    }
}

extension HostFacts {
    /// What this machine says now.
    static func current() -> Self {
        // Not ProcessInfo.hostName, which asks the name service and may take seconds.
        let name = try? String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
        return Self(
            name: name?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "",
            workingDirectory: FileManager.default.currentDirectoryPath,
            canWriteRun: FileManager.default.isWritableFile(atPath: "/run")
        )
    }
}
