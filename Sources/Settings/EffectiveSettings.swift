// SPDX-License-Identifier: Apache-2.0

/// The settings a worker runs with, and for each key where its value came from.
package struct EffectiveSettings: Hashable, Sendable {
    package let worker: WorkerSettings
    /// One for each key of the table, in its order.
    package let entries: [Entry]

    /// A key with what counts for it.
    package struct Entry: Hashable, Sendable {
        package let key: SettingKey
        package let value: Value
        package let origin: SettingOrigin

        package enum Value: Hashable, Sendable {
            case set(SettingValue)
            /// Nothing was given, and this is what that means.
            case unset(meaning: String)
        }

        package init(key: SettingKey, value: Value, origin: SettingOrigin) {
            self.key = key
            self.value = value
            self.origin = origin
        }
    }

    package init(worker: WorkerSettings, entries: [Entry]) {
        self.worker = worker
        self.entries = entries
    }
}

/// What the machine says about itself, as far as defaults and checks depend on it.
package struct HostFacts: Hashable, Sendable {
    package let name: String
    /// Absolute; relative paths count from here.
    package let workingDirectory: String
    package let canWriteRun: Bool

    package init(name: String, workingDirectory: String, canWriteRun: Bool) {
        self.name = name
        self.workingDirectory = workingDirectory
        self.canWriteRun = canWriteRun
    }
}
