// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
import Primitives

extension CredentialDocument {
    /// The stored entry as the API shows it.
    package init(_ entry: CredentialEntry) {
        self.init(
            name: entry.name,
            keyId: "\(entry.keyID)",
            fields: entry.fields,
            createRevision: entry.createRevision.rawValue,
            modRevision: entry.modRevision.rawValue
        )
    }
}
