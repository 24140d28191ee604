// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Settings

struct MountApply: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the mount table what a file says.",
        discussion: """
            Prints what is different, + for a mount to create, ~ for one to change with the changed \
            fields, − for one to delete, and does it, each mount under the revision that was read: what \
            somebody else changes meanwhile is reported and left alone. Mounts that the file does not \
            name stay, unless --prune is given; that asks. Run again it says that there is nothing to do.

            The file:
              mounts:
                /data/bucket_a: s3://bucket-a
                /data/train:
                  origin: s3://lake/train
                  options: { region: us-west-2 }
                  regions: { eu: s3://lake-eu }
                  replicas: 2

            EXAMPLES:
              tarn mount apply -f mounts.yaml --dry-run
              tarn mount apply -f mounts.yaml
              tarn mount apply -f mounts.yaml --prune --yes

            EXIT STATUS:
              0   done, or nothing to do, or only shown
              1   not initialised yet
              5   no quorum
              6   some of it was not done: the reasons are printed
              7   timed out
              8   nobody reachable
              64  the file or the command line is wrong, or there is no terminal to ask on
            """
    )

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp("What to make so; - is standard input.", valueName: "mounts.yaml")
    )
    var file: String

    @Flag(name: .customLong("dry-run"), help: "Only show what would change.")
    var isDryRun = false

    @Flag(help: "Delete mounts that the file does not name.")
    var prune = false

    @Flag(name: .customLong("no-check"), help: "Do not list the origins first.")
    var skipsCheck = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func run(_ session: Session) async throws(CommandFailure) {
        let declared = try Self.read(file)
        let present = try await session.client.list("/v1/mounts", of: MountDocument.self).items
        let plan = MountPlan(declared: declared, present: present, pruning: prune ? .yes : .no)
        if session.format == .table { try show(plan, session) }
        let isDone = isDryRun || plan.steps.isEmpty
        if !isDone, plan.count(of: .delete) > 0 {
            let shown = session.format == .json ? plan.text : ""
            try session.confirm(shown + "\(plan.count(of: .delete)) mounts will be deleted.")
        }

        var work = MountApplication(session.client, check: skipsCheck ? .skipped : .made)
        if !isDone {
            await work.perform(plan) { result in
                guard let failure = result.failure else { return }
                session.remark(Self.line(about: result.step, failure))
            }
        }
        if session.format == .json {
            let document = MountApplyDocument(plan, work.results, isDryRun: isDryRun)
            try Terminal.write(try ClusterClient.encode(document) + [0x0A])
        }
        guard !isDone else { return }
        try conclude(plan, work, session)
    }

    // MARK: - Private

    private static func read(_ file: String) throws(CommandFailure) -> [String: MountRequest] {
        do throws(SettingsError) {
            return try MountsFile(reading: file).checked()
        } catch {
            let lines = error.problems.map { "  \($0)" }.joined(separator: "\n")
            throw .usage("the file of mounts is wrong:\n\(lines)", next: "tarn mount apply --help")
        }
    }

    private func show(_ plan: MountPlan, _ session: Session) throws(CommandFailure) {
        if plan.steps.isEmpty {
            if !session.isQuiet { try Terminal.write("nothing to do\n") }
        } else {
            try Terminal.write(plan.text + plan.summary + "\n")
        }
        guard !plan.unlisted.isEmpty else { return }
        let paths = plan.unlisted.prefix(10).map { TextTable.shown($0) }.joined(separator: ", ")
        let more = plan.unlisted.count > 10 ? ", …" : ""
        session.remark(
            "\(plan.unlisted.count) mounts are not in the file and stay; --prune deletes them: "
                + paths + more
        )
    }

    private static func line(about step: MountPlan.Step, _ failure: CommandFailure) -> String {
        let isConflict = failure.document?.knownCode == .revisionMismatch
        let meanwhile = isConflict ? "changed by somebody else meanwhile, left alone: " : ""
        return "! \(TextTable.shown(step.path)): " + meanwhile
            + (failure.document?.detail ?? "no answer")
    }

    private func conclude(
        _ plan: MountPlan,
        _ work: MountApplication,
        _ session: Session
    ) throws(CommandFailure) {
        guard let failure = work.failures.last else {
            if session.format == .table, !session.isQuiet { try Terminal.write("done\n") }
            return
        }
        let isConflict = work.failures.contains { $0.document?.knownCode == .revisionMismatch }
        if work.doneCount == 0, !isConflict { throw failure }
        throw .partly(
            "\(work.doneCount) of \(plan.steps.count) changes are made; "
                + "\(work.failures.count) failed, "
                + "\(plan.steps.count - work.results.count) were not tried",
            next: "tarn mount apply -f \(file) --dry-run"
        )
    }
}

/// What `mount apply -o json` prints.
struct MountApplyDocument: Encodable {
    struct Change: Encodable {
        let path: String
        let action: MountPlan.Action
        let fields: [MountFields.Change]
        /// `planned`, `done`, `failed` or `not-tried`.
        let result: String
        @Nullable var revision: UInt64?
        @Nullable var problem: ProblemDocument?
    }

    let dryRun: Bool
    let changes: [Change]
    /// Mounts that the file does not name and that stay.
    let unlisted: [String]

    init(_ plan: MountPlan, _ results: [MountApplication.Result], isDryRun: Bool) {
        dryRun = isDryRun
        unlisted = plan.unlisted
        changes = plan.steps.enumerated().map { position, step in
            let result = position < results.count ? results[position] : nil
            let word: String =
                switch result?.outcome {
                case .stored, .deleted: "done"
                case .failed: "failed"
                case nil: isDryRun ? "planned" : "not-tried"
                }
            return Change(
                path: step.path,
                action: step.action,
                fields: step.changes,
                result: word,
                revision: result?.revision,
                problem: result?.failure?.document
            )
        }
    }
}
