// SPDX-License-Identifier: Apache-2.0

import Yams

/// What the tests need to know of a compose file, merge keys resolved.
struct ComposeFile {
    struct Service {
        let name: String
        let image: String
        let isBuilt: Bool
        let environment: [String: String]
        let entrypoint: [String]
        let command: [String]
        let ports: [String]
        /// Volume or host path, and path in the container.
        let volumes: [(source: String, target: String)]
        let dependencies: [String]
        let devices: [String]
        let capabilities: [String]

        /// What runs: the service's words, or what its shell is given, `$$` being `$`.
        var script: String { command.joined(separator: " ").replacing("$$", with: "$") }
    }

    struct Malformed: Error { let what: String }

    let services: [Service]
    let volumes: Set<String>

    init(_ text: String) throws {
        guard let root = try Yams.load(yaml: text) as? [String: Any],
            let services = root["services"] as? [String: Any]
        else { throw Malformed(what: "services") }
        volumes = Set((root["volumes"] as? [String: Any] ?? [:]).keys)
        self.services = try services.sorted { $0.key < $1.key }.map { name, value in
            guard let members = value as? [String: Any] else { throw Malformed(what: name) }
            return try Self.service(name, members)
        }
    }

    func service(_ name: String) -> Service? { services.first { $0.name == name } }

    private static func service(_ name: String, _ members: [String: Any]) throws -> Service {
        let known: Set<String> = [
            "image", "build", "init", "environment", "entrypoint", "command", "ports", "volumes",
            "depends_on", "devices", "cap_add", "security_opt", "profiles", "user", "healthcheck",
            "stop_grace_period",
        ]
        if let odd = members.keys.first(where: { !known.contains($0) }) {
            throw Malformed(what: "\(name).\(odd)")
        }
        let environment = members["environment"] as? [String: Any] ?? [:]
        return Service(
            name: name,
            image: members["image"] as? String ?? "",
            isBuilt: members["build"] != nil,
            environment: try environment.mapValues { value in
                guard let text = value as? String else {
                    throw Malformed(what: "\(name).environment: \(value) is no text")
                }
                return text
            },
            entrypoint: strings(members["entrypoint"]),
            command: strings(members["command"]),
            ports: strings(members["ports"]),
            volumes: try strings(members["volumes"]).map { text in
                let parts = text.split(separator: ":").map(String.init)
                guard parts.count == 2 else { throw Malformed(what: "\(name).volumes: \(text)") }
                return (parts[0], parts[1])
            },
            dependencies: (members["depends_on"] as? [String: Any] ?? [:]).keys.sorted(),
            devices: strings(members["devices"]),
            capabilities: strings(members["cap_add"])
        )
    }

    private static func strings(_ value: Any?) -> [String] { value as? [String] ?? [] }
}
