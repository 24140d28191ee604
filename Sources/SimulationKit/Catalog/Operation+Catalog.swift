// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// What clients ask for, as commands of the catalog, and its outcomes as answers.
extension Operation {
    /// Mounts that clients write and read.
    static let keyCount = 16

    /// Sorted into four families that the prefix of a watch can tell apart.
    static let paths = (0..<keyCount).map { ByteString("/\($0 % 4)/\($0)") }

    private static let origins = (0..<8).map { "s3://bucket-\($0)/data/" }

    var path: ByteString { Self.paths[key] }

    /// The command's bytes; `nil` for a read.
    var payload: [UInt8]? {
        command.map { command in
            CatalogCommand(
                operation: command,
                idempotency: isKeyed ? idempotency : nil,
                madeAtUnixMS: id  // Decides nothing: tells the checkers whose command it is.
            ).encode()
        }
    }

    private var idempotency: Idempotency {
        Idempotency(key: "\(client)-\(sequence)", fingerprint: id)
    }

    private var command: CatalogCommand.Operation? {
        switch kind {
        case .read: nil
        case .write: .putMount(path: path, mount, .any)
        case .create: .putMount(path: path, mount, .absent(plain: true))
        case .swap(version: 0): .putMount(path: path, mount, .absent(plain: false))
        case .swap(let version): .putMount(path: path, mount, .revision(Revision(version)))
        case .remove(version: nil): .removeMount(path: path, .any)
        case .remove(let version?): .removeMount(path: path, .revision(Revision(version)))
        case .work(let change): .worker(change)
        }
    }

    private var mount: Mount {
        Mount(
            origin: Self.origins[Int(id % UInt64(Self.origins.count))],
            replicas: UInt8(1 + id % 3),
            metadataTTL: .expires(Timespan(milliseconds: id))
        )
    }

    /// What a client makes of an outcome.
    static func answer(_ outcome: CatalogOutcome) -> Answer {
        switch outcome {
        case .mount(let entry, _): .written(revision: entry.modRevision, value: entry.mount.writer)
        case .mountRemoved: .removed
        case .refused(.revisionMismatch(let current)): .mismatch(version: current.rawValue)
        case .refused(.mountExists(let entry)): .mismatch(version: entry.modRevision.rawValue)
        case .refused(.noSuchMount): .mismatch(version: 0)
        case .refused: .declined
        case .clusterFormed, .worker, .credential, .credentialRemoved, .ring, .job: .done
        }
    }
}

extension Mount {
    /// The operation that wrote it.
    var writer: UInt64 {
        if case .expires(let span) = metadataTTL { span.milliseconds } else { 0 }
    }
}
