// SPDX-License-Identifier: Apache-2.0

/// Why a process that is no worker could not reach its cluster.
package enum RemoteClientError: Error, Sendable, Equatable {
    /// None of the addresses gave a catalog in time: which, and why for each.
    case nobodyAnswers([Attempt])
    /// A worker answered that it belongs to no cluster yet.
    case notInitialised(address: String)
    /// No worker of the cluster is in this region.
    case unknownRegion(String, known: [String])

    /// The last failure at one address.
    package struct Attempt: Sendable, Equatable {
        /// `host:port`.
        package let address: String
        package let why: String

        package init(address: String, why: String) {
            self.address = address
            self.why = why
        }
    }
}
