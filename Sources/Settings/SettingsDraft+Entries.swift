// SPDX-License-Identifier: Apache-2.0

extension SettingsDraft {
    /// Every key with what counts for it in `worker`, in the table's order.
    func entries(of worker: WorkerSettings) -> [EffectiveSettings.Entry] {
        SettingKey.all.map { key in
            EffectiveSettings.Entry(
                key: key,
                value: effective(key, in: worker),
                origin: chosen[key.name]?.origin ?? .fallback
            )
        }
    }

    private func effective(
        _ key: SettingKey,
        in worker: WorkerSettings
    ) -> EffectiveSettings.Entry.Value {
        switch key.name {
        case "name": return .set(.text(worker.name))
        case "data-dir": return .set(.text(worker.dataDirectory))
        case "cache": return .set(.disks(worker.cache))
        case "credentials": return .set(.credentials(worker.credentials))
        case "credential-key-file":
            return worker.credentialKeyFile.map { .set(.text($0)) } ?? .unset(meaning: "none")
        case "data-socket": return dataSocket(in: worker)
        case "file-origins": return fileOrigins(in: worker)
        default:
            if let entry = chosen[key.name] { return .set(entry.value) }
            guard case .computed(let meaning) = key.fallback else {
                preconditionFailure("\(key.name) has a default or is required, yet has no value")
            }
            return .unset(meaning: meaning)
        }
    }

    /// The store's part of the default path is known only once the worker has its store.
    private func dataSocket(in worker: WorkerSettings) -> EffectiveSettings.Entry.Value {
        let path = worker.dataSocketPath(store: "STORE")
        let isKnown = worker.dataSocket != nil || !worker.canWriteRun
        return isKnown ? .set(.text(path)) : .unset(meaning: path)
    }

    private func fileOrigins(in worker: WorkerSettings) -> EffectiveSettings.Entry.Value {
        switch worker.fileOrigins {
        case .any: .unset(meaning: "any directory, as every listener is loopback")
        case .below(let paths): .set(.paths(paths))
        }
    }
}
