// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The entries that both stores hold: the same keys, the same values.
enum Keys {
    /// Path of one mount; etcd's key is this behind ``Keys/space``.
    static func path(_ key: Int) -> String { "/data/bench/k\(key)" }

    /// Where Tarn's watch puts mounts, so that an event names the same key in both stores.
    static let space = "mounts/"

    /// What a mount is written as.
    static let value = #"{"origin":"s3://lake/bench","options":{"endpoint":"http://127.0.0.1:9"}}"#

    private static let marker = Array("mounts//data/bench/k".utf8)

    /// The keys that the events in `bytes` are about, in order.
    ///
    /// An event that is cut by the end of `bytes` stays in it, for the next call.
    static func takeEvents(from bytes: inout ByteBuffer) -> [Int] {
        let view = bytes.readableBytesView
        var keys: [Int] = []
        var index = view.startIndex
        var rest = view.startIndex
        while index < view.endIndex {
            guard view[index] == marker[0] else {
                index += 1
                continue
            }
            guard view[index...].starts(with: marker) else {
                if marker.starts(with: view[index...]) { break }  // May go on in what comes next.
                index += 1
                continue
            }
            let digits = view[(index + marker.count)...].prefix { (48...57).contains($0) }
            guard digits.endIndex < view.endIndex else { break }
            keys.append(digits.reduce(0) { $0 * 10 + Int($1 - 48) })
            index = digits.endIndex
            rest = index
        }
        bytes.moveReaderIndex(to: max(rest, min(index, view.endIndex)))
        return keys
    }
}
