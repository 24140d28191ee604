// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Coordination
import Logging
import Origins
import Primitives

extension Worker {
    /// Raises an alarm while something that the cluster keeps cannot be opened here, and clears it.
    ///
    /// Reads the keys again every two seconds, and looks into the credentials only when the keys or the
    /// catalog have changed since.
    func watchCredentials() async {
        let vault = reading.vault
        await vault.load()
        var seen: CredentialFacts?
        while !Task.isCancelled {
            let facts = CredentialFacts(
                revision: coordination.view().catalog.revision,
                keys: vault.keyIDs,
                trouble: vault.trouble
            )
            if facts != seen { report(vault.obstacles, trouble: facts.trouble) }
            seen = facts
            guard (try? await Task.sleep(for: .seconds(2))) != nil else { return }
            await vault.load()
        }
    }

    private func report(_ obstacles: [CredentialObstacle], trouble: String?) {
        let first = obstacles.first.map { "credential \($0.name) \($0.reason)" }
        let more = obstacles.count > 1 ? " (\(obstacles.count) in all)" : ""
        guard let detail = trouble.map({ "credential keys: \($0)" }) ?? first.map({ $0 + more })
        else { return coordination.alarms.clear(.credentialSealed) }
        let known = coordination.alarms.current.first { $0.kind == .credentialSealed }
        guard known?.detail != detail else { return }
        coordination.alarms.raise(.credentialSealed, detail)
        log.warning(
            "credentials cannot be opened",
            metadata: [
                "credential.count": "\(obstacles.count)",
                "credential.names": "\(obstacles.prefix(5).map(\.name).joined(separator: ","))",
                "credential.trouble": "\(detail)",
            ]
        )
    }
}

/// What decides whether credentials can be opened.
private struct CredentialFacts: Equatable {
    let revision: Revision
    let keys: [CredentialKeyID]
    let trouble: String?
}
