// SPDX-License-Identifier: Apache-2.0

import Settings

/// Settings as a worker reads them, on a machine whose name and rights are known.
func settings(
    flags: [(name: String, text: String)] = [],
    environment: [String: String] = [:],
    file: ConfigurationFile? = nil
) throws(SettingsError) -> WorkerSettings {
    try SettingsReader(
        flags: flags,
        environment: environment,
        file: file,
        host: HostFacts(name: "container", workingDirectory: "/", canWriteRun: false)
    ).read().worker
}
