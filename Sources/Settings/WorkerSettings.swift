// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Everything a worker process is told before it starts, checked, typed and complete.
///
/// Made by ``SettingsReader`` from flags, environment, file and defaults; `Docs/configuration.md`
/// describes every key. Relative paths have been made absolute against the working directory.
package struct WorkerSettings: Hashable, Sendable {
    /// Unique in the cluster: 1...63 of letters, digits, `-`, `_` and `.`, default the host's name.
    package var name: String
    package var region: String
    package var zone: String
    /// Raft log, catalog and identity.
    package var dataDirectory: String
    /// At least one, no path twice.
    package var cache: [CacheDisk]
    package var listen: Listeners
    /// The host others reach this worker by; `nil`: each listener's own host.
    package var advertise: String?
    /// Peers to look for; may name this worker itself.
    package var join: [HostPort]
    /// Where pages are served to clients on this host; `nil`: see ``dataSocketPath(store:)``.
    package var dataSocket: String?
    /// Group that may open the data socket; `nil`: the process's own.
    package var socketGroup: String?
    /// Sorted by name.
    package var credentials: [LocalCredential]
    /// Keys that replicated credentials are sealed with; `nil`: none but the environment's.
    package var credentialKeyFile: String?
    package var fileOrigins: FileOrigins
    package var log: Log
    /// Whether listening beyond loopback without TLS and secret was asked for.
    package var insecure: Bool
    /// Whether `/run` can be written, which decides the default of `data-socket`.
    package var canWriteRun: Bool

    /// One cache directory and how many bytes of blocks may be allocated below it.
    package struct CacheDisk: Hashable, Sendable {
        package let path: String
        package let capacity: ByteCount

        package init(path: String, capacity: ByteCount) {
            self.path = path
            self.capacity = capacity
        }
    }

    /// Where the worker listens; port 0 asks for a free port, which the worker then publishes.
    package struct Listeners: Hashable, Sendable {
        package var http: HostPort
        /// Reserved: checked and published as nothing, until S3 is served.
        package var s3: HostPort
        package var data: HostPort
        package var peer: HostPort

        package init(http: HostPort, s3: HostPort, data: HostPort, peer: HostPort) {
            self.http = http
            self.s3 = s3
            self.data = data
            self.peer = peer
        }
    }

    /// A credential that mounts name; the file is read where it is used and never printed.
    package struct LocalCredential: Hashable, Sendable {
        package let name: String
        package let file: String

        package init(name: String, file: String) {
            self.name = name
            self.file = file
        }
    }

    /// Which directories `file://` mounts may use on this worker.
    package enum FileOrigins: Hashable, Sendable {
        case any
        /// These and what lies below them; empty means none.
        case below([String])
    }

    /// What is logged, and how a line looks.
    package struct Log: Hashable, Sendable {
        /// The names of swift-log's levels.
        package enum Level: String, CaseIterable, Sendable {
            case trace, debug, info, notice, warning, error, critical
        }

        package enum Format: String, CaseIterable, Sendable { case text, json }

        package var level: Level
        /// `nil`: text on a terminal, otherwise json.
        package var format: Format?

        package init(level: Level, format: Format?) {
            self.level = level
            self.format = format
        }
    }

    package init(
        name: String,
        region: String,
        zone: String,
        dataDirectory: String,
        cache: [CacheDisk],
        listen: Listeners,
        advertise: String? = nil,
        join: [HostPort] = [],
        dataSocket: String? = nil,
        socketGroup: String? = nil,
        credentials: [LocalCredential] = [],
        credentialKeyFile: String? = nil,
        fileOrigins: FileOrigins = .any,
        log: Log = Log(level: .info, format: nil),
        insecure: Bool = false,
        canWriteRun: Bool = false
    ) {
        self.name = name
        self.region = region
        self.zone = zone
        self.dataDirectory = dataDirectory
        self.cache = cache
        self.listen = listen
        self.advertise = advertise
        self.join = join
        self.dataSocket = dataSocket
        self.socketGroup = socketGroup
        self.credentials = credentials
        self.credentialKeyFile = credentialKeyFile
        self.fileOrigins = fileOrigins
        self.log = log
        self.insecure = insecure
        self.canWriteRun = canWriteRun
    }
}

extension WorkerSettings {
    /// Bytes that all cache disks may hold together.
    package var capacity: ByteCount {
        ByteCount(
            cache.reduce(0) { sum, disk in
                let (total, isOverflow) = sum.addingReportingOverflow(disk.capacity.bytes)
                return isOverflow ? .max : total
            }
        )
    }

    /// The address that others are told for a listener, after port 0 has become a real port.
    package func advertised(_ bound: HostPort) -> HostPort {
        HostPort(host: advertise ?? bound.host, port: bound.port)
    }

    /// Where the data socket lies for the store of this identity.
    ///
    /// `store` is the store's UUID as printed: 36 bytes.
    package func dataSocketPath(store: String) -> String {
        if let dataSocket { return dataSocket }
        return canWriteRun ? "/run/tarn/\(store).sock" : "\(dataDirectory)/data.sock"
    }
}
