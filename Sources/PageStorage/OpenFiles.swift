// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Object files kept open between two uses: a bounded number, the longest open goes first.
final class OpenFiles: Sendable {
    private struct Table {
        var files: [UInt64: ObjectFile] = [:]
        /// Serials in the order of opening; as many as `files`.
        var order: [UInt64] = []
    }

    private let limit: Int
    private let table = Mutex(Table())

    init(limit: Int) { self.limit = limit }

    subscript(serial: UInt64) -> ObjectFile? { table.withLock { $0.files[serial] } }

    func insert(_ file: ObjectFile, for serial: UInt64) {
        let closing: ObjectFile? = table.withLock { table in
            guard table.files.updateValue(file, forKey: serial) == nil else { return nil }
            table.order.append(serial)
            guard table.order.count > limit else { return nil }
            return table.files.removeValue(forKey: table.order.removeFirst())
        }
        _ = closing  // Closed here at the latest, outside of the lock.
    }

    func remove(_ serial: UInt64) {
        let closing: ObjectFile? = table.withLock { table in
            guard let file = table.files.removeValue(forKey: serial) else { return nil }
            table.order.removeAll { $0 == serial }
            return file
        }
        _ = closing
    }
}
