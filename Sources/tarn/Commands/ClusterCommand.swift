// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Form the cluster, see how it is, and bring it back.",
        subcommands: [
            ClusterInit.self, ClusterStatus.self, ClusterUpdate.self, ClusterPromote.self,
            ClusterDemote.self, ClusterTransferLeader.self, ClusterRebalance.self,
            ClusterBackup.self, ClusterRestore.self, ClusterRecover.self,
        ]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}
