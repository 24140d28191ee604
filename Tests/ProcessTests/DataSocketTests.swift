// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import TestKit
import Testing

extension ProcessTests {
    /// The key `data-socket`: mode 0660, and `socket-group`.
    @Suite struct DataSocketTests {
        @Test(.enabled(if: getuid() == 0, "gives a file to another group"))
        func theSocketBelongsToTheConfiguredGroup() async throws {
            let cluster = try TarnCluster(1, flags: ["--socket-group", "daemon"])
            try cluster.start()
            try await cluster[1].untilAlive()
            let file = try FileManager.default.attributesOfItem(
                atPath: "\(cluster[1].directory)/sock"
            )
            #expect(file[.groupOwnerAccountName] as? String == "daemon")
            #expect(file[.posixPermissions] as? Int == 0o660)
        }

        @Test func aGroupThatDoesNotExistIsAWrongConfiguration() async throws {
            let cluster = try TarnCluster(1, flags: ["--socket-group", "nobody-has-this"])
            try cluster.start()
            #expect(try await cluster[1].process?.waitForExit(within: .seconds(15)) == 64)
            #expect(cluster[1].log.contains("nobody-has-this"), "\(cluster[1].logEnd)")
        }
    }
}
