// SPDX-License-Identifier: Apache-2.0
import Primitives
import Synchronization

/// Something about one worker that a person has to look at.
package struct Alarm: Hashable, Sendable {
    /// A short constant word, the label of `tarn_alarm`.
    ///
    /// One that this release does not know is shown like any other.
    package struct Kind: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        /// The disk of the log is 90 % full, or more.
        package static let diskLow = Kind(rawValue: "disk-low")
        /// The disk of the log has no room left: this voter takes nothing new.
        package static let diskFull = Kind(rawValue: "disk-full")
        /// A file of the log is not what was written.
        package static let logRot = Kind(rawValue: "log-rot")
        /// A voter's store was given up here, and nothing has taken its place yet.
        package static let storeLost = Kind(rawValue: "store-lost")

        /// A voter's catalog differed from the majority's, and is being made anew.
        package static let catalogRebuilding = Kind(rawValue: "catalog-rebuilding")
        /// What was made anew differs as well.
        package static let catalogRebuildFailed = Kind(rawValue: "catalog-rebuild-failed")
        /// No majority of the voters holds the same catalog.
        package static let catalogNoMajority = Kind(rawValue: "catalog-no-majority")
        /// For long nobody could say whether a majority of the voters holds the same catalog.
        package static let catalogUnproven = Kind(rawValue: "catalog-unproven")

        /// A credential that the cluster keeps cannot be opened here, or the keys cannot be read.
        package static let credentialSealed = Kind(rawValue: "credential-sealed")

        /// So many workers of a region fell silent at once that its ring goes on with them.
        package static let ringHeld = Kind(rawValue: "ring-held")

        package static let all = [
            diskLow, diskFull, logRot, storeLost, catalogRebuilding, catalogRebuildFailed,
            catalogNoMajority, catalogUnproven, credentialSealed, ringHeld,
        ]
    }

    package let kind: Kind
    /// What is wrong and what to do, for people.
    package let detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}

/// The alarms of this worker: one of a kind, raised and cleared by whoever knows.
package final class AlarmBoard: Sendable {
    private let raised = Mutex<[Alarm.Kind: String]>([:])

    package init() {}

    package func raise(_ kind: Alarm.Kind, _ detail: String) {
        raised.withLock { $0[kind] = detail }
    }

    package func clear(_ kind: Alarm.Kind) {
        raised.withLock { $0[kind] = nil }
    }

    /// Sorted by kind.
    package var current: [Alarm] {
        let raised = raised.withLock { $0 }
        return raised.keys.sorted { $0.rawValue < $1.rawValue }.map { Alarm($0, raised[$0] ?? "") }
    }
}

extension Alarm {
    /// Alarms that one worker may tell another at most, and the longest word of each, in bytes.
    static let mostTold = 16
    static let longestText = 1000

    func encode(into writer: inout ByteWriter) {
        writer.write(String(kind.rawValue.prefix(40)))
        writer.write(String(detail.prefix(Self.longestText / 4)))
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(Kind(rawValue: try reader.text()), try reader.text())
    }
}
