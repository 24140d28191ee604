// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// The command line: `tarn NOUN VERB [ARGS] [flags]`.
@main
package struct Tarn: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "tarn",
        abstract: "Cache a data lake close to the machines that train on it.",
        discussion: """
            Every noun and verb has its own help: 'tarn mount add --help'.

            EXAMPLES:
              tarn dev
              tarn --version

            EXIT STATUS:
              0   done
              1   failed
              3   not found
              4   refused as unsafe
              5   no quorum
              6   partly done or different
              7   timed out
              8   nobody reachable
              9   not authorised
              64  wrong usage or configuration
            """,
        version: BuildFacts.line,
        subcommands: [
            DevCommand.self, WorkerCommand.self, ClusterCommand.self, RingCommand.self,
            MountCommand.self, CredentialCommand.self, FileCommand.self, JobCommand.self,
            FuseCommand.self, DoctorCommand.self, CompletionCommand.self,
        ]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package static func main() async {
        await TarnCommandLine.main()
    }
}
