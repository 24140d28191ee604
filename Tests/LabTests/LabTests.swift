// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// `Cluster/lab`, and real clusters in it: regions apart by delay, cut and healed.
///
/// One after the other: delays are measured.
@Suite(.serialized, .timeLimit(.minutes(10)))
enum LabTests {}

/// What a lab needs of the machine.
enum LabRig {
    static let needs: Comment = "needs root, network namespaces, iproute2 and /dev/net/tun"

    /// Whether a TUN device in a namespace of one's own may be made: as root, in most places.
    static let canBuild = (try? tunInNamespace()) == 0

    /// Whether tests of minutes are asked for (`dev/regions`).
    static let isPatient = ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] != nil

    /// Exit status of trying; the device is gone with the namespace.
    private static func tunInNamespace() throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", "PATH=$PATH:/usr/sbin:/sbin unshare -n ip tuntap add dev probe mode tun",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
