// SPDX-License-Identifier: Apache-2.0

package import APIModel
import CatalogCore
import HTTPAPI
import Primitives
package import Settings

extension DeclaredMount {
    /// The body of the write that makes it so.
    var request: MountRequest {
        MountRequest(
            origin: origin,
            options: options,
            credential: credential,
            regions: regions.mapValues { region in
                MountRegionRequest(
                    origin: region.origin,
                    options: region.options,
                    credential: region.credential
                )
            },
            write: write,
            replicas: replicas,
            metadataTtl: metadataTTL,
            onStale: onStale
        )
    }

    /// Why no cluster would store it; `nil`: nothing that can be seen without one.
    var problem: SettingProblem? {
        do throws(Problem) {
            let mount = try Mount(request)
            do throws(CatalogRefusal) {
                try MountRules.check(path: ByteString(path))
                try MountRules.check(mount)
            } catch {
                throw Problem(error, path: ByteString(path))
            }
            return nil
        } catch {
            let reason = "\(TextTable.shown(path)): \(error.document.detail)"
            return SettingProblem(place: place, reason: reason)
        }
    }
}

extension MountsFile {
    /// The declared mounts by path, each such as a cluster stores.
    ///
    /// - Throws: ``SettingsError``.
    package func checked() throws(SettingsError) -> [String: MountRequest] {
        let declared = try read()
        let problems = declared.compactMap(\.problem)
        guard problems.isEmpty else { throw .invalid(problems) }
        return Dictionary(declared.map { ($0.path, $0.request) }) { first, _ in first }
    }
}
