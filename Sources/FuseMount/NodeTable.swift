// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
package import Primitives

/// What the kernel's node ids stand for.
///
///     (path, kind, version) ── ids ──▶ node id ── nodes ──▶ path, attributes, lookup count
///
/// A node id is one *version* of one path, so page cache and open files never mix versions: a
/// lookup that finds a new version answers a new id. The kernel bounds the table: it says with
/// `FORGET` which ids it no longer holds.
///
/// Invariants:
/// 1. The root, id 1, is always there and is not counted.
/// 2. An id is never given out twice, so `generation` can be constant.
/// 3. `ids[key] == id` exactly if `nodes[id]` has that key.
/// 4. Any other node's `lookups` is the number of answers that named it, minus those forgotten, and
///    is at least 1.
///
/// - Source: libfuse 3.14 `fuse_lowlevel.h`, `forget`.
package struct NodeTable: Sendable {
    private struct Key: Hashable, Sendable {
        let path: ByteString
        let kind: FileAttributes.Kind
        let version: ByteString

        init(_ node: Node) {
            path = node.path
            kind = node.attributes.kind
            version = node.attributes.version
        }
    }

    private struct Counted: Sendable {
        var node: Node
        var lookups: UInt64
        var isGone = false
    }

    /// The root, by libfuse's `FUSE_ROOT_ID`.
    package static let rootID: UInt64 = 1

    private let root: Node
    private var nodes: [UInt64: Counted] = [:]
    private var ids: [Key: UInt64] = [:]
    private var nextID: UInt64 = rootID + 1

    /// A table that knows the root only.
    package init(root path: ByteString, attributes: FileAttributes) {
        root = Node(id: Self.rootID, path: path, attributes: attributes)
    }

    /// Nodes that the kernel holds, the root left out.
    package var count: Int { nodes.count }

    /// The node of `id`; `nil` for an id that was forgotten or never given out.
    package func node(_ id: UInt64) -> Node? {
        id == Self.rootID ? root : nodes[id]?.node
    }

    /// Remembers that the version of `id` exists nowhere any more, until an answer names it again.
    package mutating func markGone(_ id: UInt64) { nodes[id]?.isGone = true }

    /// Whether nobody should open `id` any more: its name stands for another version, or for nothing.
    package func isGone(_ id: UInt64) -> Bool { nodes[id]?.isGone ?? false }

    /// Answers of `id` that the kernel has not forgotten yet; `nil` for the root and unknown ids.
    package func lookups(of id: UInt64) -> UInt64? { nodes[id]?.lookups }

    /// Counts one more answer that names this version of `path`, under a new id if it has none.
    ///
    /// The newest attributes win: one version may be listed with a rounder time than it is asked
    /// for alone.
    package mutating func remember(path: ByteString, attributes: FileAttributes) -> Node {
        let fresh = Node(id: nextID, path: path, attributes: attributes)
        guard let id = ids[Key(fresh)], let known = nodes[id] else {
            ids[Key(fresh)] = nextID
            nodes[nextID] = Counted(node: fresh, lookups: 1)
            nextID += 1
            return fresh
        }
        let node = Node(id: id, path: known.node.path, attributes: attributes)
        nodes[id] = Counted(node: node, lookups: known.lookups + 1)
        return node
    }

    /// Takes back `count` answers that named `id`.
    ///
    /// More than were given out are taken as all of them: the number comes from outside.
    package mutating func forget(_ id: UInt64, count: UInt64) {
        guard var counted = nodes[id] else { return }
        guard counted.lookups > count else {
            nodes[id] = nil
            ids[Key(counted.node)] = nil
            return
        }
        counted.lookups -= count
        nodes[id] = counted
    }
}

/// One version of one path, under the id that the kernel knows it by.
package struct Node: Hashable, Sendable {
    /// The number the kernel knows it by.
    package let id: UInt64
    /// The cluster path, `--path` included.
    package let path: ByteString
    /// The newest attributes seen of this version.
    package let attributes: FileAttributes

    /// The version that an open file of this node is pinned to.
    package var reference: FileReference {
        FileReference(
            path: path,
            size: attributes.size,
            modifiedUnixNS: attributes.modifiedUnixNS,
            version: attributes.version
        )
    }
}
