// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import NIOHTTP1
import Primitives

struct ClusterPromote: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Have a worker vote.",
        discussion: """
            It gets the vote of another, or one more where more are wanted, as soon as it has the log; \
            returns then, or after '--timeout', when it goes on all the same. It stays a voter as long as \
            it answers, until it is demoted or 'tarn cluster update --forget-wishes'.

            EXAMPLES:
              tarn cluster promote w4

            EXIT STATUS:
              0   it votes
              3   no worker of that name
              4   refused: it does not answer, or there is no vote for it
              5   no quorum
              7   timed out; the change goes on
              8   nobody reachable
              64  the command line is wrong
            """
    )

    @Argument(help: "Name of the worker that is to vote.")
    var name: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let vote = VoteChange(verb: "promote", name: name, hasVote: true)
        let answer = try await vote.ask(session, .real)
        session.remark(answer.document.effect)
        try await vote.wait(session, connection.timeout)
        try session.confirm(answer.bytes, "\(name) votes")
    }
}

struct ClusterDemote: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "demote",
        abstract: "Have a worker not vote; another gets its vote.",
        discussion: """
            Says what becomes of the votes, and asks. Refused where nobody could take the vote: fewer \
            voters would tolerate less. Returns when the worker has no vote any more, or after \
            '--timeout', when it goes on all the same. It gets no vote again until it is promoted or \
            'tarn cluster update --forget-wishes'.

            EXAMPLES:
              tarn cluster demote w3
              tarn cluster demote w3 --yes

            EXIT STATUS:
              0   it has no vote
              1   the question was answered with no; nothing done
              3   no worker of that name
              4   refused as unsafe, with the numbers
              5   no quorum
              7   timed out; the change goes on
              8   nobody reachable
              64  the command line is wrong, or there is no terminal to ask on
            """
    )

    @Argument(help: "Name of the voter that is to lose its vote.")
    var name: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let vote = VoteChange(verb: "demote", name: name, hasVote: false)
        let effect = try await vote.ask(session, .trial).document.effect
        try session.confirm("\(effect).")
        let answer = try await vote.ask(session, .real)
        try await vote.wait(session, connection.timeout)
        try session.confirm(answer.bytes, "\(name) has no vote")
    }
}

/// What promote and demote have in common.
struct VoteChange: Sendable {
    let verb: String
    let name: String
    /// Whether it votes afterwards.
    let hasVote: Bool

    enum Purpose { case trial, real }

    func ask(
        _ session: Session,
        _ purpose: Purpose
    ) async throws(CommandFailure) -> (document: VoteAnswer, bytes: [UInt8]) {
        let answer = try await session.client.write(
            .POST,
            "/v1/cluster/\(verb)",
            body: VoteRequest(name: name, dryRun: purpose == .trial),
            as: VoteAnswer.self
        )
        return (answer.document, answer.bytes)
    }

    /// Looks again and again until the vote is as it should be.
    func wait(_ session: Session, _ limit: Timespan) async throws(CommandFailure) {
        let end = ContinuousClock.now + limit.duration
        while true {
            let cluster = try await session.client.read(
                .get("/v1/cluster"),
                as: ClusterDocument.self
            ).document
            if cluster.voters.contains(where: { $0.name == name }) == hasVote { return }
            guard ContinuousClock.now < end else {
                let waitsFor = cluster.autopilot?.waitsFor.map { "; it waits for \($0)" } ?? ""
                throw .timedOut(
                    "\(name) \(hasVote ? "does not vote yet" : "still votes"), and the change goes "
                        + "on\(waitsFor)"
                )
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }
}
