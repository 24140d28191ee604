// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Settings

struct FuseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuse",
        abstract: "Show cluster paths as a directory of this machine.",
        subcommands: [FuseMountVerb.self, FuseUnmountVerb.self, FuseStatusVerb.self]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

struct FuseMountVerb: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount",
        abstract: "Mount the tree at a directory.",
        discussion: """
            Returns when the mount answers. '-o' takes mount options here: ro, allow_other (default \
            as root), default_permissions, uid=, gid=, fmode=0644, dmode=0755; JSON is asked for with \
            '--output json'.

            EXAMPLES:
              tarn fuse mount /lake
              tarn fuse mount /mnt/a --path /data/bucket_a -o uid=1000,gid=1000
              tarn fuse mount /lake --addr w1:7400,w2:7400 --foreground

            EXIT STATUS:
              0   mounted, or with --foreground: unmounted again
              1   it cannot be mounted
              3   nothing at that path
              7   the mount did not answer in time
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "An existing directory.")
    var directory: String

    @Option(help: ArgumentHelp("Show the tree below this path.", valueName: "path"))
    var path = "/"

    @Option(help: ArgumentHelp("Region (default: the asked worker's).", valueName: "name"))
    var region: String?

    @Option(
        name: [.customShort("o"), .customLong("mount-option")],
        help: ArgumentHelp("Mount options; may be repeated.", valueName: "option[,…]")
    )
    var mountOptions: [String] = []

    @Flag(help: "Stay in the foreground until it is unmounted.")
    var foreground = false

    @Option(
        help: ArgumentHelp(
            "Serve this mount's metrics here (default: a free port of 127.0.0.1).",
            valueName: "host:port"
        )
    )
    var metrics: String?

    @OptionGroup var connection: ConnectionOptions

    /// Has taken `--output` from wherever it stands; `-o` is not that here.
    @ParentCommand private var noun: FuseCommand

    var format: OutputFormat { noun.output.output }

    func validate() throws {
        guard path.hasPrefix("/") else {
            throw ValidationError("'--path' must begin with '/', got '\(path)'.")
        }
        if let metrics, HostPort(metrics) == nil {
            throw ValidationError("'--metrics' must be HOST:PORT, got '\(metrics)'.")
        }
    }

    func run() async throws {
        try await FuseEntry.mount(
            FuseEntry.MountRequest(
                addresses: try connection.addresses(),
                directory: directory,
                path: path,
                region: region,
                options: mountOptions.flatMap { $0.split(separator: ",").map(String.init) },
                isForeground: foreground,
                metrics: metrics.flatMap { HostPort($0) },
                timeout: connection.timeout,
                isQuiet: connection.quiet,
                format: format
            )
        )
    }
}

struct FuseUnmountVerb: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount",
        abstract: "End the mount at a directory.",
        discussion: """
            EXAMPLES:
              tarn fuse unmount /lake
              tarn fuse unmount /lake --force

            EXIT STATUS:
              0   unmounted
              1   it is in use, or cannot be unmounted
              3   no mount of ours at that directory
              64  the command line is wrong
            """
    )

    @Argument(help: "The directory.")
    var directory: String

    @Flag(help: "Also where files are open or the serving process is gone.")
    var force = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run() async throws {
        let unmounted = try await FuseEntry.unmount(directory: directory, force: force)
        if format == .json {
            try Terminal.write(try ClusterClient.encode(["directory": unmounted]) + [0x0A])
        }
    }
}

struct FuseStatusVerb: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "List the mounts of this machine.",
        discussion: """
            EXAMPLES:
              tarn fuse status
              tarn fuse status -o json

            EXIT STATUS:
              0   printed
              1   the mounts of this machine cannot be read
              64  the command line is wrong
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run() async throws {
        let rows = try await FuseEntry.status()
        switch format {
        case .json: try Terminal.write(try ClusterClient.encode(rows) + [0x0A])
        case .table:
            var table = TextTable("DIRECTORY", "PATH", "REGION", "PID", "STATE", "METRICS")
            for row in rows {
                table.add(
                    row.directory,
                    row.path ?? "",
                    row.region ?? "",
                    row.pid.map(String.init) ?? "",
                    row.state,
                    row.metrics ?? ""
                )
            }
            try Terminal.write(table.text(Style(noColor: connection.noColor)))
        }
    }
}
