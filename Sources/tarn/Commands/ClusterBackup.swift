// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import CatalogCore
import NIOCore
import NIOHTTP1
import Primitives
import SystemPackage

struct ClusterBackup: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write everything the cluster agrees on into one file.",
        discussion: """
            Asks any worker, whether there is a quorum or not; without one the file holds what that worker \
            has. The file is checked, then put in the place of an older one as one step. Cached data is not in \
            it: that is in the origins.

            EXAMPLES:
              tarn cluster backup /backup/tarn.backup
              tarn cluster backup tarn.backup --addr 10.0.1.12:7400 -o json

            EXIT STATUS:
              0   written
              1   the file cannot be written, or not initialised yet
              7   timed out
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "The file to write.")
    var file: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        var call = APICall.get("/v1/cluster/backup")
        call.bodyByteLimit = CatalogBackup.longestFile
        let answer = try await session.client.call(call)
        let bytes = Array(answer.body.readableBytesView)
        let backup: CatalogBackup
        do throws(ByteDecodingError) {
            backup = try CatalogBackup(decoding: bytes)
        } catch {
            throw .badAnswer("what \(answer.address) sent is no backup: \(error)")
        }
        do throws(Errno) {
            try BackupFile(file).write(bytes)
        } catch {
            throw .local("cannot write \(file): \(error)")
        }
        let age = answer.headers.first(name: "Tarn-Staleness-Ms").flatMap { UInt64($0) }
        let facts = BackupFacts(backup, file: file, byteCount: bytes.count, ageMS: age)
        try session.confirm(try ClusterClient.encode(facts), facts.sentence)
    }
}
