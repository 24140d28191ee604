// SPDX-License-Identifier: Apache-2.0

package import Primitives

extension Catalog {
    /// Carries out one command of the log.
    ///
    /// Deterministic: every replica that applies the same commands in the same order holds the same
    /// and answers the same. A refusal changes nothing but the time and the memory of its idempotency key; a
    /// repetition of a remembered key gives the first outcome before anything else is looked at.
    package mutating func apply(_ command: CatalogCommand) -> Application {
        defer { patrolIfDue() }
        elapsedMS = max(elapsedMS, command.elapsedMS)
        guard let idempotency = command.idempotency else { return perform(command) }
        guard isIdempotencyKey(idempotency.key) else {
            return Application(
                .refused(.badValue("idempotency key: 1 to 64 printable ASCII characters"))
            )
        }
        if let first = outcome(of: idempotency) { return Application(first) }

        forgetRepetitions()
        guard repetitions.hasRoom else {
            return Application(.refused(.full("too many idempotency keys within ten minutes")))
        }
        let application = perform(command)
        remember(idempotency, application.outcome, atMS: elapsedMS)
        return application
    }

    /// What a command with this key would be answered without being looked at; `nil`: the key is new.
    package func outcome(of idempotency: Idempotency) -> CatalogOutcome? {
        guard let first = repetitions[idempotency.key] else { return nil }
        return first.fingerprint == idempotency.fingerprint
            ? first.outcome : .refused(.idempotencyKeyReused)
    }

    private mutating func perform(_ command: CatalogCommand) -> Application {
        do throws(CatalogRefusal) {
            if case .genesis(let entry, let workers) = command.operation {
                return try form(entry, workers)
            }
            guard cluster != nil else { throw .badValue("the cluster is not formed yet") }

            switch command.operation {
            case .genesis: preconditionFailure("handled above: \(command.operation)")
            case .register(let registration): return try register(registration)
            case .activate(let id): return try activate(id)
            case .putMount(let path, let mount, let precondition):
                return try put(mount, at: path, if: precondition, command.madeAtUnixMS)
            case .removeMount(let path, let precondition):
                return try removeMount(at: path, if: precondition, command.madeAtUnixMS)
            case .members(let voters): return changeMembers(voters)
            case .replace(let registration, let node):
                return try replace(node, by: registration)
            case .voting(let change): return try changeVoting(change)
            case .putCredential(let name, let sealed, let precondition):
                return try put(sealed, named: name, if: precondition)
            case .removeCredential(let name, let precondition, let removal):
                return try removeCredential(named: name, if: precondition, removal)
            case .worker(let change): return try changeWorker(change)
            case .ring(let change): return try changeRing(change)
            case .handoff(let change): return try changeHandoff(change)
            }
        } catch {
            return Application(.refused(error))
        }
    }

    /// The changes of one command: one revision, all but the last with more to follow.
    func changes(_ keys: [(key: ByteString, value: CatalogValue?)]) -> [CatalogChange] {
        keys.enumerated().map { position, change in
            CatalogChange(
                revision: revision,
                key: change.key,
                value: change.value,
                hasMore: position < keys.count - 1
            )
        }
    }
}

/// The key spaces of the watch.
package enum CatalogKey {
    /// Prefix of every credential's key.
    package static let credentials: ByteString = "credentials/"
    /// Prefix of every job's key.
    package static let jobs: ByteString = "jobs/"
    /// Prefix of every mount's key.
    package static let mounts: ByteString = "mounts/"
    /// Prefix of every ring's key.
    package static let rings: ByteString = "rings/"
    /// The key of the cluster entry.
    package static let voters: ByteString = "voters"
    /// Prefix of every worker's key.
    package static let workers: ByteString = "workers/"

    /// `credentials/<name>`.
    package static func credential(_ name: String) -> ByteString { credentials + ByteString(name) }

    /// `mounts/<path>`, so two slashes in a row.
    package static func mount(_ path: ByteString) -> ByteString { mounts + path }

    /// `jobs/<id>`.
    package static func job(_ id: String) -> ByteString { jobs + ByteString(id) }

    /// `rings/<region>`.
    package static func ring(_ region: String) -> ByteString { rings + ByteString(region) }

    /// `workers/<name>`.
    package static func worker(_ name: String) -> ByteString { workers + ByteString(name) }
}
