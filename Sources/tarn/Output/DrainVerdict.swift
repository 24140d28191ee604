// SPDX-License-Identifier: Apache-2.0

import APIModel
import Primitives

/// The last line of a drain: whether the worker can be switched off, and what that costs.
struct DrainVerdict: Sendable {
    private let job: JobDocument
    private let bytes: [UInt8]
    private let session: Session

    init(_ end: Answered<JobDocument>, _ session: Session) {
        job = end.document
        bytes = end.bytes
        self.session = session
    }

    func pronounce() async throws(CommandFailure) {
        guard job.state == "done" else {
            throw .local(
                "\(job.id) was \(job.state); \(job.done) of \(job.total) pages were given away",
                next: "tarn worker show \(job.worker ?? "")"
            )
        }
        let votes = try await votes()
        if job.keepsVote, votes.isLastNeeded {
            throw try said("NOT SAFE: \(votes.text)", status: 4)
        }
        guard job.leftPages == 0 else {
            throw try said(
                "SAFE TO POWER OFF; \(job.leftPages) pages (\(ByteCount(job.leftBytes))) will be read "
                    + "from the lake again" + votes.suffix,
                status: 6
            )
        }
        try print("SAFE TO POWER OFF" + votes.suffix)
    }

    /// Prints the verdict; what is thrown gives the exit status alone.
    private func said(_ line: String, status: Int32) throws(CommandFailure) -> CommandFailure {
        try print(line)
        return .silent(status: status)
    }

    private func print(_ line: String) throws(CommandFailure) {
        switch session.format {
        case .json: try Terminal.write(bytes.last == 0x0A ? bytes : bytes + [0x0A])
        case .table: try Terminal.write(line + "\n")
        }
    }

    // MARK: - Votes

    private struct Votes {
        var text = ""
        /// Without this worker there would be no quorum.
        var isLastNeeded = false

        var suffix: String { text.isEmpty ? "" : "; \(text)" }
    }

    /// What the cluster tolerates afterwards, where the worker keeps its vote.
    private func votes() async throws(CommandFailure) -> Votes {
        guard job.keepsVote else { return Votes() }
        let cluster = try await session.client.read(
            .get("/v1/cluster"),
            as: ClusterDocument.self
        ).document
        let (have, need) = (cluster.quorum.have, cluster.quorum.need)
        let spare = have - 1 - need
        guard spare >= 0 else {
            return Votes(
                text:
                    "it keeps its vote because nobody else could have it, and without it \(have - 1) "
                    + "of \(cluster.voters.count) voters answer, \(need) are needed",
                isLastNeeded: true
            )
        }
        let tolerates =
            spare == 0
            ? "no further voter may fail"
            : "\(spare) further voter\(spare == 1 ? "" : "s") may fail"
        return Votes(
            text: "it keeps its vote because nobody else could have it: without it \(tolerates)"
        )
    }
}
