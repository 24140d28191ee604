// SPDX-License-Identifier: Apache-2.0
import Foundation
package import Primitives

/// What a mount shows and where it comes from: for the mount table, `fuse status` and the log.
package struct FuseMountDescription: Hashable, Sendable {
    /// The cluster path that the mount's root shows, `--path`.
    package let path: ByteString
    /// Addresses of the cluster, as given, separated by commas.
    package let address: String
    /// The region whose workers are asked first.
    package let region: String
    /// Where this mount's metrics are served, `HOST:PORT`.
    package let metrics: String?
    /// Where this process's log goes; `nil` in the foreground.
    package let log: String?

    /// Describes a mount; nothing is checked.
    package init(
        path: ByteString,
        address: String,
        region: String,
        metrics: String? = nil,
        log: String? = nil
    ) {
        self.path = path
        self.address = address
        self.region = region
        self.metrics = metrics
        self.log = log
    }

    /// The device name in the mount table: `tarn://127.0.0.1:7400/data`.
    package var source: String { "tarn://\(address)\(path.text)" }

    func state(of directory: String, process: ProcessIdentity) -> MountState {
        MountState(
            directory: directory,
            process: process,
            address: address,
            path: path.text,
            region: region,
            metrics: metrics,
            startedUnixMS: Int64(Date().timeIntervalSince1970 * 1000),
            log: log
        )
    }
}
