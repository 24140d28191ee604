// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import CatalogCore
import NIOHTTP1
import Primitives
import SystemPackage

struct ClusterRestore: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Begin a new cluster with what a backup holds.",
        discussion: """
            Makes the fresh worker at '--addr' the only voter of a new cluster, of the next generation. \
            What changed since the backup is lost. Revisions leap, so every watcher loads the state anew. \
            Workers of the old cluster that have no vote come over by themselves where the new voter is \
            found at an address that they know, with their caches; its voters never can.

            EXAMPLES:
              tarn cluster restore /backup/tarn.backup --addr 10.0.1.11:7400
              tarn cluster restore /backup/tarn.backup --yes

            EXIT STATUS:
              0   the new cluster is formed
              1   the file cannot be read
              4   refused: the worker, or one that it joins, belongs to a cluster
              7   timed out
              8   nobody reachable
              64  the command line is wrong, the file is no whole backup, or there is no terminal to ask on
            """
    )

    @Argument(help: "A file of 'tarn cluster backup', or of a worker's backups directory.")
    var file: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let (backup, bytes) = try load()
        let facts = BackupFacts(backup, file: file, byteCount: bytes.count)
        try session.confirmByName(
            "A new cluster of generation \(backup.cluster.generation + 1) will begin with \(facts.content). "
                + "The old cluster's voters can never come back.",
            name: facts.cluster
        )
        var call = APICall(method: .POST, target: "/v1/cluster/restore")
        call.body = bytes
        call.contentType = "application/octet-stream"
        let answer = try await session.client.read(call, as: InitAnswer.self)
        let cluster = answer.document
        try session.confirm(
            answer.bytes,
            "cluster \(cluster.cluster) goes on from \(facts.cluster), revision \(cluster.revision), "
                + "voter \(cluster.voters.joined(separator: ", "))\nNext: tarn cluster status"
        )
    }

    private func load() throws(CommandFailure) -> (CatalogBackup, [UInt8]) {
        let read: [UInt8]?
        do throws(Errno) {
            read = try BackupFile(file).read()
        } catch {
            throw .local("cannot read \(file): \(error)")
        }
        guard let bytes = read else { throw .usage("\(file) is longer than any backup") }
        do throws(ByteDecodingError) {
            return (try CatalogBackup(decoding: bytes), bytes)
        } catch {
            throw .usage("\(file) is no whole backup: \(error)")
        }
    }
}
