// SPDX-License-Identifier: Apache-2.0
package import CatalogCore

/// Checks that a mount could work from here, before it is registered.
package protocol OriginProbe: Sendable {
    /// Lists the origin once with this worker's credentials.
    ///
    /// - Throws: The store's own refusal, e.g. ``FileError/accessDenied(code:)``.
    func check(_ mount: Mount) async throws(FileError)

    /// Which credential source the mount would use here, e.g. `environment`; never a value.
    func credentialSource(for mount: Mount) -> String
}
