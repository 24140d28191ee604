// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct FileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fs",
        abstract: "Read files by cluster path, without a mount on this machine.",
        subcommands: [FileList.self, FileStat.self, FileCat.self, FileGet.self]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}
