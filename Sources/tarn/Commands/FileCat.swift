// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NIOCore
import Primitives

struct FileCat: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Write files to standard output, one after the other.",
        discussion: """
            When a worker dies midway the rest comes from another one of '--addr'; a file that \
            changes meanwhile is an error, never a mixture.

            EXAMPLES:
              tarn fs cat /data/bucket_a/labels.csv
              tarn fs cat /data/bucket_a/000.tar --offset 64MiB --count 1MiB

            EXIT STATUS:
              0   everything was written
              1   the file changed, or the origin failed
              3   no such file
              7   timed out
              8   nobody reachable
              9   the origin refuses the credentials
              64  the command line is wrong
            """
    )

    @Argument(help: "Cluster paths.")
    var paths: [String]

    @Option(help: ArgumentHelp("Begin at this byte of each file.", valueName: "bytes"))
    var offset: ByteAmount?

    @Option(help: ArgumentHelp("Write at most this much of each file.", valueName: "bytes"))
    var count: ByteAmount?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        for path in paths {
            var stream = FileStream(
                session.client,
                path: path,
                start: offset?.bytes ?? 0,
                count: count?.bytes
            )
            try await stream.forEach { (_, piece) throws(CommandFailure) in
                try Terminal.write(piece.readableBytesView)
            }
        }
    }
}

/// A number of bytes, bare or with a unit: `4096`, `64MiB`.
package struct ByteAmount: ExpressibleByArgument, Hashable, Sendable {
    package let bytes: UInt64

    package init?(argument: String) {
        guard let bytes = UInt64(argument) ?? ByteCount(argument)?.bytes else { return nil }
        self.bytes = bytes
    }
}
