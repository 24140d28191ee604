// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CatalogCore
import Coordination
import LogStorage
import Primitives
import RaftCore
import SystemIO
import SystemPackage

struct ClusterRecover: ClusterVerb {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract:
            "Begin a new cluster with one surviving voter, when the others are lost for good.",
        discussion: """
            Works on a data directory while its worker does not run. The survivor becomes the only \
            voter of a new cluster, of the next generation; what only the lost voters had is lost. Stop \
            the other voters first, for good. Then start the survivor: workers without a vote come over \
            by themselves, with their caches; an old voter is refused, and joins again with an empty data \
            directory.

            With '--dry-run' nothing is changed: prints what each data directory holds, and which is the best \
            to recover from.

            EXAMPLES:
              tarn cluster recover --dry-run --data-dir /mnt/w1 --data-dir /mnt/w2
              tarn cluster recover --force-new-cluster --data-dir /var/lib/tarn

            EXIT STATUS:
              0   recovered, or printed
              1   the disk failed
              4   refused: in use, damaged, or no voter's
              64  the command line is wrong, or there is no terminal to ask on
            """
    )

    @Flag(help: "Give the lost voters up, and with them what only they had.")
    var forceNewCluster = false

    @Option(
        help: ArgumentHelp("A voter's data directory; several with '--dry-run'.", valueName: "dir")
    )
    var dataDir: [String] = []

    @Flag(help: "Print what each directory holds, and change nothing.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func validate() throws {
        guard !dataDir.isEmpty else { throw ValidationError("'--data-dir' is missing.") }
        guard !dryRun else { return }
        guard dataDir.count == 1 else {
            throw ValidationError("one '--data-dir' is recovered from; '--dry-run' takes several.")
        }
        guard forceNewCluster else {
            throw ValidationError("'--force-new-cluster' is missing; '--dry-run' only looks.")
        }
    }

    func run(_ session: Session) async throws(CommandFailure) {
        if dryRun {
            try Survey(dataDir).show(session)
        } else {
            try recover(FilePath(dataDir[0]), session)
        }
    }

    private func recover(_ path: FilePath, _ session: Session) throws(CommandFailure) {
        let survivor: SurvivingStore
        do throws(RecoveryError) {
            survivor = try SurvivingStore(at: path)
            guard survivor.isCandidate else { throw .noVoter(path.string) }
            guard !survivor.isInUse else { throw .directory(.inUse(path: path.string)) }
        } catch {
            throw Self.failure(error)
        }
        try session.confirmByName(
            "Voter '\(survivor.name)' in \(path) becomes the only voter of a new cluster that goes on from "
                + "\(survivor.membership.cluster), generation \(survivor.generation), at revision "
                + "\(survivor.revision). The other voters can never come back.",
            name: survivor.name
        )
        let recovery: ForcedRecovery
        var generator = SystemRandomNumberGenerator()
        do throws(RecoveryError) {
            recovery = try ForcedRecovery(
                at: path,
                as: ClusterID(UniqueID(using: &generator)),
                atSeconds: SystemClock.wall / 1_000_000_000
            )
        } catch {
            throw Self.failure(error)
        }
        let answer = Answer(recovery)
        try session.confirm(
            try ClusterClient.encode(answer),
            "cluster \(answer.cluster), generation \(answer.generation), goes on from \(answer.parent), "
                + "revision \(answer.revision), voter \(answer.voter)\nNext: start worker \(answer.voter)"
        )
    }

    static func failure(_ error: RecoveryError) -> CommandFailure {
        error.isRefusal
            ? .refused("\(error)", next: "tarn doctor --data-dir DIR")
            : .local("\(error)", next: "look at the disk: dmesg")
    }

    private struct Answer: Encodable {
        let cluster: String
        let parent: String
        let generation: UInt64
        let revision: UInt64
        let voter: String

        init(_ recovery: ForcedRecovery) {
            cluster = "\(recovery.cluster.id)"
            parent = "\(recovery.survivor.membership.cluster)"
            generation = recovery.cluster.generation
            revision = recovery.revision.rawValue
            voter = recovery.survivor.name
        }
    }
}

/// What some data directories hold, side by side.
private struct Survey: Sendable {
    private let found: [(path: String, result: Result<SurvivingStore, RecoveryError>)]

    init(_ paths: [String]) {
        found = paths.map { path in
            do throws(RecoveryError) {
                return (path, .success(try SurvivingStore(at: FilePath(path))))
            } catch {
                return (path, .failure(error))
            }
        }
    }

    func show(_ session: Session) throws(CommandFailure) {
        let stores = found.compactMap { try? $0.result.get() }
        let best = SurvivingStore.best(of: stores)
        let rows = found.map { Row($0.path, $0.result, isBest: $0.path == best?.path.string) }
        let encoded = try ClusterClient.encode(
            Document(directories: rows, best: best?.path.string)
        )
        try session.show(encoded) {
            var table = TextTable(
                "DATA-DIR",
                "WORKER",
                "ROLE",
                "TERM",
                "INDEX",
                "REVISION",
                "GENERATION",
                "STORE",
                "BEST"
            )
            for row in rows where row.problem == nil { row.add(to: &table) }
            return table
        }
        if session.format == .table {
            for row in rows {
                if let problem = row.problem { try Terminal.write(TextTable.shown(problem) + "\n") }
            }
        }
        guard best != nil else {
            throw .refused(
                found.map { $0.result.problem(at: $0.path) }.joined(separator: "; "),
                next: "tarn cluster restore --help"
            )
        }
    }

    private struct Document: Encodable {
        let directories: [Row]
        /// `null` where none can be recovered from.
        let best: String?
    }

    private struct Row: Encodable {
        let dataDir: String
        var worker: String?
        var store: String?
        var cluster: String?
        var generation: UInt64?
        var role: String?
        var lastTerm: UInt64?
        var lastIndex: UInt64?
        var revision: UInt64?
        var inUse: Bool?
        var problem: String?
        let best: Bool

        init(_ path: String, _ result: Result<SurvivingStore, RecoveryError>, isBest: Bool) {
            dataDir = path
            best = isBest
            switch result {
            case .failure(let error): problem = "\(error)"
            case .success(let survivor):
                worker = survivor.name
                store = "\(survivor.store)"
                cluster = "\(survivor.membership.cluster)"
                generation = survivor.generation
                role = survivor.membership.role.word
                lastTerm = survivor.isCandidate ? survivor.last.term.rawValue : nil
                lastIndex = survivor.last.index.rawValue
                revision = survivor.revision.rawValue
                inUse = survivor.isInUse
            }
        }

        func add(to table: inout TextTable) {
            let numbers = [lastTerm, lastIndex, revision, generation]
                .map { $0.map(String.init) ?? "" }
            table.add(
                dataDir,
                worker ?? "",
                (role ?? "") + (inUse == true ? " (running)" : ""),
                numbers[0],
                numbers[1],
                numbers[2],
                numbers[3],
                store ?? "",
                best ? "yes" : ""
            )
        }
    }
}

extension Result<SurvivingStore, RecoveryError> {
    fileprivate func problem(at path: String) -> String {
        switch self {
        case .failure(let error): "\(error)"
        case .success: "\(RecoveryError.noVoter(path))"
        }
    }
}

extension StoreIdentity.Role {
    fileprivate var word: String {
        switch self {
        case .observer: "observer"
        case .voter: "voter"
        case .removed: "removed"
        case .formerVoter: "former voter"
        }
    }
}
