// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A long operation, its progress and what came of it: survives the leader and every worker.
package struct JobEntry: Hashable, Sendable {
    package enum Kind: UInt8, Sendable { case drain = 1, rebalance = 2 }

    package enum State: UInt8, Sendable {
        case waiting = 0, running = 1, done = 2, failed = 3, cancelled = 4

        package var isFinal: Bool { rawValue >= Self.done.rawValue }
    }

    /// `drain-<worker>-<revision>`, `rebalance-<region>-<epoch>`.
    package let id: String
    package let kind: Kind
    package internal(set) var state: State
    package let region: String
    /// The worker that is drained, by id and name; `nil` for other kinds.
    package let node: NodeID?
    package let worker: String?
    package internal(set) var total: HandoffReport.Amount
    package internal(set) var done: HandoffReport.Amount
    /// What was given up: it will be read from the origin again.
    package internal(set) var left: HandoffReport.Amount
    /// Whether a drained voter still votes because nobody else could.
    package internal(set) var keepsVote: Bool
    /// By the age of the cluster, in milliseconds; when it ended, or now.
    package let beganMS: UInt64
    package internal(set) var updatedMS: UInt64
    package let createRevision: Revision
    package internal(set) var modRevision: Revision

    package init(
        id: String,
        kind: Kind,
        state: State,
        region: String,
        node: NodeID?,
        worker: String? = nil,
        total: HandoffReport.Amount = .init(),
        done: HandoffReport.Amount = .init(),
        left: HandoffReport.Amount = .init(),
        keepsVote: Bool = false,
        beganMS: UInt64,
        updatedMS: UInt64,
        createRevision: Revision,
        modRevision: Revision
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.region = region
        self.node = node
        self.worker = worker
        self.total = total
        self.done = done
        self.left = left
        self.keepsVote = keepsVote
        self.beganMS = beganMS
        self.updatedMS = updatedMS
        self.createRevision = createRevision
        self.modRevision = modRevision
    }

    /// Bytes a second since it began, 0 where nothing can be said yet.
    package var bytesPerSecond: UInt64 {
        let elapsedMS = updatedMS - min(updatedMS, beganMS)
        guard elapsedMS > 0 else { return 0 }
        let (product, isOver) = done.bytes.multipliedReportingOverflow(by: 1000)
        return isOver ? done.bytes / elapsedMS * 1000 : product / elapsedMS
    }

    func write(to writer: inout ByteWriter) {
        writer.write(id)
        writer.write(kind.rawValue)
        writer.write(state.rawValue)
        writer.write(region)
        writer.write(optional: node) { $0.write($1.rawValue) }
        writer.write(optional: worker) { $0.write($1) }
        total.write(to: &writer)
        done.write(to: &writer)
        left.write(to: &writer)
        writer.write(keepsVote)
        writer.write(beganMS)
        writer.write(updatedMS)
        writer.write(createRevision.rawValue)
        writer.write(modRevision.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            id: try reader.text(),
            kind: try reader.tag("kind of a job"),
            state: try reader.tag("state of a job"),
            region: try reader.text(),
            node: try reader.optional { (reader) throws(ByteDecodingError) in
                NodeID(try reader.counter("node id"))
            },
            worker: try reader.optional { (reader) throws(ByteDecodingError) in try reader.text() },
            total: try HandoffReport.Amount(from: &reader),
            done: try HandoffReport.Amount(from: &reader),
            left: try HandoffReport.Amount(from: &reader),
            keepsVote: try reader.flag(),
            beganMS: try reader.counter("elapsed time"),
            updatedMS: try reader.counter("elapsed time"),
            createRevision: Revision(try reader.counter("revision")),
            modRevision: Revision(try reader.counter("revision"))
        )
    }
}
