// SPDX-License-Identifier: Apache-2.0

extension SettingKey {
    /// Every key, in the order in which they are printed and documented.
    package static let all: [SettingKey] = identity + places + addresses + security + operation

    /// The row of this name.
    package static func named(_ name: String) -> SettingKey? { all.first { $0.name == name } }

    private static let identity = [
        SettingKey(
            "name",
            .identifier,
            .computed("the host's name"),
            "Name of this worker, unique in the cluster."
        ),
        SettingKey(
            "region",
            .identifier,
            .text("default"),
            "Region whose ring the worker joins; mounts choose their origin by it."
        ),
        SettingKey(
            "zone",
            .identifier,
            .text("default"),
            "Failure domain: replicas and voters are spread over zones."
        ),
    ]

    private static let places = [
        SettingKey(
            "data-dir",
            .path,
            .required,
            "Directory of the Raft log, the catalog and the worker's identity."
        ),
        SettingKey(
            "cache",
            .disks,
            .required,
            "Cache directories, each with a bound on the blocks allocated below it; 5 % of the "
                + "file system stays free."
        ),
        SettingKey(
            "data-socket",
            .socket,
            .computed("/run/tarn/STORE.sock, or <data-dir>/data.sock where /run is not writable"),
            "Unix socket that serves pages to clients on this host, mode 0660."
        ),
        SettingKey(
            "socket-group",
            .identifier,
            .computed("the process's own group"),
            "Group that may open the data socket."
        ),
        SettingKey(
            "file-origins",
            .paths,
            .computed("any directory if every listener is loopback, else none"),
            "Directories that file:// mounts may use."
        ),
    ]

    private static let addresses = [
        SettingKey(
            "listen.http",
            .endpoint,
            .text("127.0.0.1:7400"),
            "HTTP API, metrics and health; port 0 takes a free port."
        ),
        SettingKey(
            "listen.s3",
            .endpoint,
            .text("127.0.0.1:7401"),
            "S3 API: checked and reserved, not served yet."
        ),
        SettingKey(
            "listen.data",
            .endpoint,
            .text("127.0.0.1:7402"),
            "Pages for clients and other workers; port 0 takes a free port."
        ),
        SettingKey(
            "listen.peer",
            .endpoint,
            .text("127.0.0.1:7403"),
            "Raft over TCP and gossip over UDP; port 0 takes a free port."
        ),
        SettingKey(
            "advertise",
            .host,
            .computed("the host of each listener"),
            "Host or DNS name others reach this worker by, resolved at each connection; required "
                + "when a listener is a wildcard."
        ),
        SettingKey(
            "join",
            .endpoints,
            .text(""),
            "Peer addresses to look for; any subset works, and it may include this worker."
        ),
    ]

    private static let security = [
        SettingKey(
            "secret-file",
            .path,
            .computed("none"),
            "File with the cluster's shared secret, at least 32 bytes.",
            presence: .notBuiltYet,
            secrecy: .hidden
        ),
        SettingKey(
            "tls.ca",
            .path,
            .computed("none"),
            "Certificates that peers and clients are checked against.",
            presence: .notBuiltYet
        ),
        SettingKey(
            "tls.certificate",
            .path,
            .computed("none"),
            "This worker's certificate.",
            presence: .notBuiltYet
        ),
        SettingKey(
            "tls.key",
            .path,
            .computed("none"),
            "Key of this worker's certificate.",
            presence: .notBuiltYet
        ),
        SettingKey(
            "credentials",
            .credentials,
            .text(""),
            "Credentials that mounts name, each in a file of its own; a replicated one of the same "
                + "name wins.",
            secrecy: .hidden
        ),
        SettingKey(
            "credential-key-file",
            .path,
            .computed("none"),
            "File with the keys that replicated credentials are sealed with, one a line: the first "
                + "seals, all open; the same on every worker.",
            secrecy: .hidden
        ),
        SettingKey(
            "insecure",
            .boolean,
            .text("false"),
            "Allows listening beyond loopback without TLS and secret."
        ),
    ]

    private static let operation = [
        SettingKey(
            "log.level",
            .choice(WorkerSettings.Log.Level.allCases.map(\.rawValue)),
            .text("info"),
            "The least important events that are logged."
        ),
        SettingKey(
            "log.format",
            .choice(WorkerSettings.Log.Format.allCases.map(\.rawValue)),
            .computed("text on a terminal, else json"),
            "How a log line looks."
        ),
    ]
}
