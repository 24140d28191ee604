// SPDX-License-Identifier: Apache-2.0

/// The chosen values by key, before they are checked against each other.
struct SettingsDraft {
    let chosen: [String: SourcedValues.Entry]
    let host: HostFacts

    /// Where a key's value was given, for messages; the key's own name where it was not.
    func place(of name: String) -> String {
        switch chosen[name]?.origin {
        case .file(let mark): mark.text
        case .environment(let variable): variable
        case .flag(let flag): flag
        case .fallback, nil: name
        }
    }

    // MARK: - Typed access: the reader guarantees that a chosen value has its key's type

    func text(_ name: String) -> String? {
        if case .text(let text)? = chosen[name]?.value { return text }
        return nil
    }

    func boolean(_ name: String) -> Bool {
        if case .boolean(let value)? = chosen[name]?.value { return value }
        return false
    }

    func endpoint(_ name: String) -> HostPort? {
        if case .endpoint(let endpoint)? = chosen[name]?.value { return endpoint }
        return nil
    }

    var join: [HostPort] {
        if case .endpoints(let endpoints)? = chosen["join"]?.value { return endpoints }
        return []
    }

    var disks: [WorkerSettings.CacheDisk] {
        guard case .disks(let disks)? = chosen["cache"]?.value else { return [] }
        return disks.map { .init(path: absolute($0.path), capacity: $0.capacity) }
    }

    var credentials: [WorkerSettings.LocalCredential] {
        guard case .credentials(let credentials)? = chosen["credentials"]?.value else { return [] }
        return credentials.map { .init(name: $0.name, file: absolute($0.file)) }
            .sorted { $0.name < $1.name }
    }

    var fileOrigins: WorkerSettings.FileOrigins {
        if case .paths(let paths)? = chosen["file-origins"]?.value {
            return .below(paths.map(absolute))
        }
        return listeners.allSatisfy(\.endpoint.isLoopback) ? .any : .below([])
    }

    /// All four, with their keys; the S3 one is reserved and checked like the others.
    var listeners: [(key: String, endpoint: HostPort)] {
        ["listen.http", "listen.s3", "listen.data", "listen.peer"].compactMap { key in
            endpoint(key).map { (key, $0) }
        }
    }

    func path(_ name: String) -> String? { text(name).map(absolute) }

    /// Made absolute, without empty and `.` components; `..` is left to the system.
    func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : host.workingDirectory + "/" + path
        return "/" + whole.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    // MARK: - The result

    /// The typed settings; `nil` where a required key is missing, which has been reported.
    func settings() -> WorkerSettings? {
        guard let dataDirectory = path("data-dir"), !disks.isEmpty,
            let http = endpoint("listen.http"), let s3 = endpoint("listen.s3"),
            let data = endpoint("listen.data"), let peer = endpoint("listen.peer"),
            let region = text("region"), let zone = text("zone"),
            let level = text("log.level").flatMap(WorkerSettings.Log.Level.init)
        else { return nil }
        return WorkerSettings(
            name: text("name") ?? host.name,
            region: region,
            zone: zone,
            dataDirectory: dataDirectory,
            cache: disks,
            listen: WorkerSettings.Listeners(http: http, s3: s3, data: data, peer: peer),
            advertise: text("advertise"),
            join: join,
            dataSocket: path("data-socket"),
            socketGroup: text("socket-group"),
            credentials: credentials,
            credentialKeyFile: path("credential-key-file"),
            fileOrigins: fileOrigins,
            log: WorkerSettings.Log(
                level: level,
                format: text("log.format").flatMap(WorkerSettings.Log.Format.init)
            ),
            insecure: boolean("insecure"),
            canWriteRun: host.canWriteRun
        )
    }
}
