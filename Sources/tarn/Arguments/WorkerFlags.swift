// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// One flag for each key of the configuration; a test compares them with the table of keys.
struct WorkerFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Name of this worker, unique in the cluster.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Region whose ring the worker joins.", valueName: "name"))
    var region: String?

    @Option(help: ArgumentHelp("Failure domain within the region.", valueName: "name"))
    var zone: String?

    @Option(help: ArgumentHelp("Raft log, catalog and identity.", valueName: "dir"))
    var dataDir: String?

    @Option(
        help: ArgumentHelp("Cache directories; may be repeated.", valueName: "path=capacity[,…]")
    )
    var cache: [String] = []

    @Option(help: ArgumentHelp("Unix socket for clients on this host.", valueName: "path"))
    var dataSocket: String?

    @Option(help: ArgumentHelp("Group that may open the data socket.", valueName: "group"))
    var socketGroup: String?

    @Option(
        help: ArgumentHelp(
            "Directories that file:// mounts may use; may be repeated.",
            valueName: "dir[,…]"
        )
    )
    var fileOrigins: [String] = []

    @Option(help: ArgumentHelp("HTTP API, metrics and health.", valueName: "host:port"))
    var listenHttp: String?

    @Option(help: ArgumentHelp("S3 API, reserved.", valueName: "host:port"))
    var listenS3: String?

    @Option(help: ArgumentHelp("Pages.", valueName: "host:port"))
    var listenData: String?

    @Option(help: ArgumentHelp("Raft and gossip.", valueName: "host:port"))
    var listenPeer: String?

    @Option(help: ArgumentHelp("Host others reach this worker by.", valueName: "host"))
    var advertise: String?

    @Option(
        help: ArgumentHelp("Peers to look for; may be repeated.", valueName: "host:port[,…]")
    )
    var join: [String] = []

    @Option(help: ArgumentHelp("Shared secret of the cluster; not built yet.", valueName: "file"))
    var secretFile: String?

    @Option(help: ArgumentHelp("Not built yet.", valueName: "file"))
    var tlsCa: String?

    @Option(help: ArgumentHelp("Not built yet.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("Not built yet.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "Credentials that mounts name; may be repeated.",
            valueName: "name=file[,…]"
        )
    )
    var credentials: [String] = []

    @Option(
        help: ArgumentHelp("Keys that replicated credentials are sealed with.", valueName: "file")
    )
    var credentialKeyFile: String?

    @Flag(help: "Listen beyond loopback without TLS and secret.")
    var insecure = false

    @Option(help: ArgumentHelp("Least important events to log.", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("How a log line looks.", valueName: "text|json"))
    var logFormat: String?

    /// Flags that were given, with their texts.
    var given: [(name: String, text: String)] {
        let single: [(String, String?)] = [
            ("--name", name), ("--region", region), ("--zone", zone), ("--data-dir", dataDir),
            ("--data-socket", dataSocket), ("--socket-group", socketGroup),
            ("--listen-http", listenHttp), ("--listen-s3", listenS3),
            ("--listen-data", listenData), ("--listen-peer", listenPeer),
            ("--advertise", advertise), ("--secret-file", secretFile), ("--tls-ca", tlsCa),
            ("--tls-certificate", tlsCertificate), ("--tls-key", tlsKey),
            ("--credential-key-file", credentialKeyFile),
            ("--insecure", insecure ? "true" : nil), ("--log-level", logLevel),
            ("--log-format", logFormat),
        ]
        let lists = [
            ("--cache", cache), ("--file-origins", fileOrigins), ("--join", join),
            ("--credentials", credentials),
        ]
        return single.compactMap { name, text in text.map { (name, $0) } }
            + lists.filter { !$0.1.isEmpty }.map { ($0.0, $0.1.joined(separator: ",")) }
    }
}
