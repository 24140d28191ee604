// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import SystemIO
package import SystemPackage

/// One thing about a data directory that was looked at, in words.
package struct DirectoryCheck: Sendable, Hashable {
    package enum State: String, Sendable {
        case ok
        /// Worth knowing; nothing has to be done.
        case note
        /// A worker does not start from it, or not for long.
        case bad
    }

    /// What was looked at: one word.
    package let name: String
    package let state: State
    package let detail: String
    /// What to do; empty where there is nothing to do.
    package let next: String

    package init(_ name: String, _ state: State, _ detail: String, next: String = "") {
        self.name = name
        self.state = state
        self.detail = detail
        self.next = next
    }
}

extension DataDirectory {
    /// Looks at a data directory as a start would, and goes on behind what a start would stop at.
    ///
    /// Changes nothing. A log that is in use is left to its own worker, which reads it again all the time.
    package static func examine(_ path: FilePath) -> [DirectoryCheck] {
        let identity = recordedIdentity(at: path)
        do throws(DataDirectoryError) {
            try check(at: path, name: identity?.name ?? "")
        } catch {
            return [DirectoryCheck("identity", .bad, "\(error)", next: "Docs/operations/disks.md")]
        }
        guard let identity else {
            return [DirectoryCheck("identity", .note, "no worker has used \(path) yet")]
        }
        let isInUse = isInUse(path)
        return [identityCheck(identity), roomCheck(path)]
            + [logCheck(path, identity, isInUse: isInUse), quarantineCheck(path)].compactMap { $0 }
    }

    private static func identityCheck(_ identity: StoreIdentity) -> DirectoryCheck {
        let store = "worker '\(identity.name)', store \(identity.store)"
        if let membership = identity.membership {
            let role = membership.role == .voter ? "voter" : "without a vote,"
            return DirectoryCheck(
                "identity",
                .ok,
                "\(store), \(role) \(membership.node) of cluster \(membership.cluster)"
            )
        }
        guard let lost = identity.lost else {
            return DirectoryCheck("identity", .ok, "\(store), in no cluster yet")
        }
        return DirectoryCheck(
            "identity",
            .note,
            "\(store), to take the place of a lost one: \(lost)",
            next: "start the worker; it joins again once a quorum of the others answers"
        )
    }

    /// Whether a process has the lock.
    package static func isInUse(_ path: FilePath) -> Bool {
        guard let lock = try? File(path.appending(lockName), .read) else { return false }
        return (try? lock.tryLock()) == false
    }

    private static func roomCheck(_ path: FilePath) -> DirectoryCheck {
        do throws(Errno) {
            let space = try FileSystemSpace(of: path)
            let level = DiskLevel.ample.next(total: space.total, available: space.available)
            return DirectoryCheck(
                "room",
                level == .ample ? .ok : level == .full ? .bad : .note,
                "\(space.available >> 20) MiB of \(space.total >> 20) MiB left on its disk",
                next: level == .ample ? "" : "free space on the disk of \(path)"
            )
        } catch {
            return DirectoryCheck("room", .bad, "\(error)", next: "look at the disk: dmesg")
        }
    }

    private static func logCheck(
        _ path: FilePath,
        _ identity: StoreIdentity,
        isInUse: Bool
    ) -> DirectoryCheck? {
        guard let membership = identity.membership,
            membership.role == .voter || membership.role == .formerVoter
        else { return nil }
        if let found = condemnation(at: path, of: identity.store), found.store == identity.store {
            let facts = "found while it was in use: \(found.refusal.facts)"
            return badLog(facts, found.finding, membership.role)
        }
        guard !isInUse else {
            return DirectoryCheck(
                "log",
                .note,
                "in use: the worker that runs here reads it again all the time",
                next: "tarn cluster status"
            )
        }
        let owner = LogIdentity(
            cluster: membership.cluster,
            store: identity.store,
            node: membership.node
        )
        do throws(LogStorageError) {
            let repairs = try LogStorage.examine(at: path.appending(logName), identity: owner)
            let words = repairs.map { "\($0.file): \($0.detail)" }.joined(separator: "; ")
            return repairs.isEmpty
                ? DirectoryCheck("log", .ok, "whole")
                : DirectoryCheck("log", .note, "a start puts right: \(words)")
        } catch .refused(let refusal) {
            return badLog(refusal.facts, refusal.finding, membership.role)
        } catch {
            return DirectoryCheck("log", .bad, "\(error)", next: "look at the disk: dmesg")
        }
    }

    /// A log that must not be used: bad where it votes, worth knowing where it only might again.
    private static func badLog(
        _ facts: String,
        _ finding: RecoveryFinding,
        _ role: StoreIdentity.Role
    ) -> DirectoryCheck {
        let rule = RecoveryRule.rule(for: finding)
        guard role == .formerVoter else {
            return DirectoryCheck("log", .bad, facts, next: rule.nextStep)
        }
        return DirectoryCheck(
            "log",
            rule.isRot ? .note : .bad,
            "of a vote that was taken away, kept for what it promised: \(facts)",
            next: rule.isRot
                ? "nothing: the worker runs without it; given a vote again, it comes back as a new store"
                : rule.nextStep
        )
    }

    private static func quarantineCheck(_ path: FilePath) -> DirectoryCheck? {
        guard let names = try? quarantines(at: path), !names.isEmpty else { return nil }
        return DirectoryCheck(
            "quarantine",
            .note,
            "logs of stores that were given up: \(names.joined(separator: ", "))",
            next: "delete them when nobody wants to look at them any more"
        )
    }
}
