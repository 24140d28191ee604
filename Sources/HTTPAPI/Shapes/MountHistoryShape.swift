// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
import Primitives

extension MountRevisionDocument {
    /// One revision as the API shows it.
    package init(_ made: MountRevision) {
        self.init(
            revision: made.revision.rawValue,
            type: made.entry == nil ? .delete : .put,
            time: made.madeAtUnixMS == 0
                ? nil : Timestamp(unixMilliseconds: made.madeAtUnixMS),
            value: made.entry.map(MountDocument.init)
        )
    }
}
