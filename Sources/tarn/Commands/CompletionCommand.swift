// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct CompletionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print the completion script of a shell.",
        subcommands: [CompletionBash.self, CompletionZsh.self, CompletionFish.self]
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
}

struct CompletionBash: FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "bash",
        abstract: "Print the completion script of bash.",
        discussion: """
            EXAMPLES:
              tarn completion bash > /etc/bash_completion.d/tarn

            EXIT STATUS:
              0   printed
              64  the command line is wrong
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run() throws { try Terminal.write(Tarn.completionScript(for: .bash) + "\n") }
}

struct CompletionZsh: FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "zsh",
        abstract: "Print the completion script of zsh.",
        discussion: """
            EXAMPLES:
              tarn completion zsh > /usr/local/share/zsh/site-functions/_tarn

            EXIT STATUS:
              0   printed
              64  the command line is wrong
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run() throws { try Terminal.write(Tarn.completionScript(for: .zsh) + "\n") }
}

struct CompletionFish: FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "fish",
        abstract: "Print the completion script of fish.",
        discussion: """
            EXAMPLES:
              tarn completion fish > /etc/fish/completions/tarn.fish

            EXIT STATUS:
              0   printed
              64  the command line is wrong
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run() throws { try Terminal.write(Tarn.completionScript(for: .fish) + "\n") }
}
