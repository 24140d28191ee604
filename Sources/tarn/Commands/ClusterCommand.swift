// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Form the cluster, and see how it is.",
        subcommands: [
            ClusterInit.self, ClusterStatus.self, ClusterUpdate.self, ClusterPromote.self,
            ClusterDemote.self, ClusterTransferLeader.self,
        ]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}
