// SPDX-License-Identifier: Apache-2.0
import APIModel
import NIOCore

extension WatchLine {
    /// The line's bytes where it is of a kind that there are many of: changes of mounts, and marks of
    /// progress.
    ///
    /// Every worker makes one of each change; `JSONEncoder` takes ten times as long for the same bytes.
    var written: ByteBuffer? {
        var writer = JSONWriter(reservingCapacity: 512)
        switch self {
        case .put(let revision, let key, .mount(let mount), let hasMore):
            Self.write("put", revision, key, mount, hasMore: hasMore, to: &writer)
        case .state(let revision, let key, .mount(let mount)):
            Self.write("state", revision, key, mount, hasMore: false, to: &writer)
        case .progress(let revision):
            writer.object { writer in
                writer.member("revision", revision)
                writer.member("type", "progress")
            }
        case .put, .state, .delete, .closed: return nil
        }
        return writer.bytes
    }

    private static func write(
        _ type: String,
        _ revision: UInt64,
        _ key: String,
        _ mount: MountDocument,
        hasMore: Bool,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.member("key", key)
            if hasMore { writer.member("more", true) }
            writer.member("revision", revision)
            writer.member("type", type)
            writer.member("value") { mount.writeJSON(to: &$0) }
        }
    }
}
