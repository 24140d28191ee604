// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings

/// Reads settings as a worker would, on a machine of which everything is known.
func read(
    _ yaml: String? = nil,
    flags: [(name: String, text: String)] = [],
    environment: [String: String] = [:],
    host: HostFacts = HostFacts(name: "node-1", workingDirectory: "/work-dir", canWriteRun: true)
) throws(SettingsError) -> EffectiveSettings {
    try SettingsReader(
        flags: flags,
        environment: environment,
        file: yaml.map { ConfigurationFile(path: "w.yaml", text: $0) },
        host: host
    ).read()
}

/// The problems of settings that must not be accepted, each as an operator would read it.
func problems(
    _ yaml: String? = nil,
    flags: [(name: String, text: String)] = [],
    environment: [String: String] = [:]
) -> [String] {
    do {
        _ = try read(yaml, flags: flags, environment: environment)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

/// The two keys without which nothing starts.
let minimum = "data-dir: /d\ncache: [{ path: /c, capacity: 1GiB }]\n"

/// A directory of this test alone, removed by the caller.
func scratchDirectory() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "tarn-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
}
