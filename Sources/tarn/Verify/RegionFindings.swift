// SPDX-License-Identifier: Apache-2.0

package import ClientRuntime
import Primitives

/// What was found out about a mount's origin in one region.
package struct RegionFindings: Sendable {
    package let region: String
    /// The worker that looked; `nil`: none did.
    package var worker: String?
    /// As that worker says, else as the mount table does.
    package var origin: String?
    /// Of the mount, as that worker has it.
    package var modRevision: UInt64?
    package var names = SurveyedNames()
    /// Whether the listing goes on behind what was looked at.
    package var isPartial = false
    /// Why the origin could not be looked at; `nil`: it could.
    package var problem: String?
    /// The mount names the region, and nobody is there to read it.
    package var hasNoWorker = false

    package init(region: String) { self.region = region }

    package var isCompared: Bool { problem == nil && !hasNoWorker }
}
