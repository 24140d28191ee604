// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Rules between keys, and between keys and this machine; everything checkable without starting.
struct SettingsChecks {
    let draft: SettingsDraft

    func problems() -> [SettingProblem] {
        name() + listeners() + advertise() + directories() + socket() + files() + group()
    }

    private func problem(_ key: String, _ reason: String) -> SettingProblem {
        SettingProblem(place: draft.place(of: key), reason: "\(key): \(reason)")
    }

    // MARK: - Identity and addresses

    private func name() -> [SettingProblem] {
        guard draft.text("name") == nil else { return [] }
        guard (try? SettingKind.identifier(draft.host.name)) == nil else { return [] }
        let given = SettingKey.quoted(draft.host.name)
        return [
            problem(
                "name",
                "the host's name \(given) cannot be used; give --name, allowed is "
                    + SettingKind.identifier.allowed
            )
        ]
    }

    private func listeners() -> [SettingProblem] {
        let listeners = draft.listeners
        var found: [SettingProblem] = []
        for (index, listener) in listeners.enumerated() {
            let earlier = listeners[..<index].first { Self.clash($0.endpoint, listener.endpoint) }
            if let earlier {
                found.append(
                    problem(listener.key, "\(listener.endpoint) is taken by \(earlier.key)")
                )
            }
            if !listener.endpoint.isLoopback, !draft.boolean("insecure") {
                found.append(
                    problem(
                        listener.key,
                        "'\(listener.endpoint)' was given, allowed without tls and secret-file is "
                            + "loopback only, such as 127.0.0.1:\(listener.endpoint.port); on a "
                            + "network that you trust set 'insecure: true' or --insecure"
                    )
                )
            }
        }
        return found
    }

    private static func clash(_ a: HostPort, _ b: HostPort) -> Bool {
        a.port == b.port && a.port != 0 && (a.host == b.host || a.isWildcard || b.isWildcard)
    }

    private func advertise() -> [SettingProblem] {
        guard let host = draft.text("advertise") else {
            guard let wildcard = draft.listeners.first(where: \.endpoint.isWildcard) else {
                return []
            }
            return [
                problem(
                    "advertise",
                    "required, because \(wildcard.key) is '\(wildcard.endpoint)'; "
                        + "give the host or DNS name that others reach this worker by"
                )
            ]
        }
        guard HostPort(host: host, port: 0).isWildcard else { return [] }
        return [
            problem(
                "advertise",
                "'\(host)' was given, which nobody can reach; allowed is "
                    + SettingKind.host.allowed
            )
        ]
    }

    // MARK: - Places

    private func directories() -> [SettingProblem] {
        var found: [SettingProblem] = []
        let dataDirectory = draft.path("data-dir")
        if let dataDirectory, Self.isOtherThanDirectory(dataDirectory) {
            found.append(problem("data-dir", "\(dataDirectory) is not a directory"))
        }
        if draft.chosen["cache"] != nil, draft.disks.isEmpty {
            found.append(problem("cache", "empty, allowed is \(SettingKind.disks.allowed)"))
        }
        for (index, disk) in draft.disks.enumerated() {
            if Self.isOtherThanDirectory(disk.path) {
                found.append(problem("cache", "\(disk.path) is not a directory"))
            }
            if disk.path == dataDirectory {
                found.append(problem("cache", "\(disk.path) is the data-dir; use one below it"))
            }
            let overlaps = draft.disks[..<index].first { other in
                Self.isSameOrBelow(disk.path, other.path)
                    || Self.isSameOrBelow(other.path, disk.path)
            }
            if let overlaps {
                found.append(
                    problem(
                        "cache",
                        "\(disk.path) and \(overlaps.path) overlap; each byte would "
                            + "count twice"
                    )
                )
            }
        }
        return found
    }

    private static func isSameOrBelow(_ path: String, _ directory: String) -> Bool {
        path == directory || path.hasPrefix(directory == "/" ? "/" : directory + "/")
    }

    private static func isOtherThanDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        return exists && !isDirectory.boolValue
    }

    private func socket() -> [SettingProblem] {
        let isDefault = draft.text("data-socket") == nil
        let path =
            draft.path("data-socket") ?? draft.path("data-dir").map { $0 + "/data.sock" } ?? ""
        let isUsed = !isDefault || !draft.host.canWriteRun
        guard isUsed, path.utf8.count > SettingKind.socketByteLimit else { return [] }
        return [
            problem(
                "data-socket",
                "'\(path)' has \(path.utf8.count) bytes, allowed is "
                    + "\(SettingKind.socketByteLimit); give --data-socket a shorter path"
            )
        ]
    }

    private func files() -> [SettingProblem] {
        let unread = draft.credentials.compactMap { credential in
            Self.isReadable(credential.file)
                ? nil : problem("credentials", "the file of '\(credential.name)' cannot be read")
        }
        guard let keys = draft.path("credential-key-file"), !Self.isReadable(keys) else {
            return unread
        }
        return unread + [problem("credential-key-file", "the file cannot be read")]
    }

    private static func isReadable(_ path: String) -> Bool {
        FileManager.default.isReadableFile(atPath: path)
    }

    private func group() -> [SettingProblem] {
        guard let group = draft.text("socket-group"), unsafe getgrnam(group) == nil else {
            return []
        }
        return [problem("socket-group", "'\(group)' is no group of this machine")]
    }
}
