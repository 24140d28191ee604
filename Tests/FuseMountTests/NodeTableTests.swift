// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import FuseMount
import Primitives
import Testing

@Suite struct NodeTableTests {
    static func attributes(_ version: ByteString, size: UInt64 = 1) -> FileAttributes {
        FileAttributes(
            kind: version.isEmpty ? .directory : .file,
            size: size,
            modifiedUnixNS: 0,
            version: version,
            validFor: nil
        )
    }

    static func table() -> NodeTable { NodeTable(root: "/data", attributes: attributes("")) }

    @Test func aNewVersionIsANewNodeAndTheOldOneStays() {
        var table = Self.table()
        let old = table.remember(path: "/data/x", attributes: Self.attributes("v1"))
        let new = table.remember(path: "/data/x", attributes: Self.attributes("v2"))
        #expect(old.id != new.id)
        #expect(table.node(old.id)?.reference.version == "v1")
        #expect(table.node(new.id)?.reference.version == "v2")
        #expect(table.remember(path: "/data/x", attributes: Self.attributes("v1")).id == old.id)
    }

    @Test func aFileAndADirectoryOfOneNameAreTwoNodes() {
        var table = Self.table()
        let file = table.remember(path: "/data/x", attributes: Self.attributes("v1"))
        let directory = table.remember(path: "/data/x", attributes: Self.attributes(""))
        #expect(file.id != directory.id)
    }

    @Test func theNewestAttributesOfAVersionAreShown() {
        var table = Self.table()
        let id = table.remember(path: "/data/x", attributes: Self.attributes("v1")).id
        _ = table.remember(path: "/data/x", attributes: Self.attributes("v1", size: 9))
        #expect(table.node(id)?.attributes.size == 9)
    }

    @Test func theRootIsNeverForgotten() {
        var table = Self.table()
        table.forget(NodeTable.rootID, count: .max)
        #expect(table.node(NodeTable.rootID)?.path == "/data")
        #expect(table.lookups(of: NodeTable.rootID) == nil)
    }

    @Test func moreForgottenThanGivenOutIsAll() {
        var table = Self.table()
        let id = table.remember(path: "/data/x", attributes: Self.attributes("v1")).id
        table.forget(id, count: .max)
        table.forget(id, count: 1)
        table.forget(4711, count: 1)
        #expect(table.node(id) == nil)
        #expect(table.count == 0)
    }

    /// Goal: counts and identities are those of the obvious model, under any sequence of calls.
    ///
    /// Method: the model keeps one list of answers per (path, version) and an id for each.
    @Test(arguments: UInt64(1)...40) func behavesAsTheModel(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var table = Self.table()
        var counts: [UInt64: UInt64] = [:]
        var ids: [ByteString: UInt64] = [:]
        var everUsed: Set<UInt64> = [NodeTable.rootID]
        var forgotten = 0

        for _ in 0..<2000 {
            if random.chance(percent: 60) || ids.isEmpty {
                let path = ByteString("/data/\(Int.random(in: 0..<8, using: &random))")
                let version = ByteString("v\(Int.random(in: 1..<4, using: &random))")
                let key = path + "@" + version
                let node = table.remember(path: path, attributes: Self.attributes(version))
                if let known = ids[key] {
                    try #require(node.id == known)
                } else {
                    #expect(everUsed.insert(node.id).inserted, "id \(node.id) given out twice")
                    ids[key] = node.id
                }
                counts[node.id, default: 0] += 1
                #expect(node.path == path && node.attributes.version == version)
            } else {
                let keys = ids.keys.sorted()
                let key = keys[Int.random(in: 0..<keys.count, using: &random)]
                guard let id = ids[key], let held = counts[id] else { continue }
                let count = UInt64.random(in: 1...held, using: &random)
                table.forget(id, count: count)
                counts[id] = held == count ? nil : held - count
                if held == count {
                    ids[key] = nil
                    forgotten += 1
                }
            }
            try #require(table.count == counts.count)
        }
        for id in everUsed where id != NodeTable.rootID {
            #expect(table.lookups(of: id) == counts[id])
            #expect((table.node(id) != nil) == (counts[id] != nil))
        }
        #expect(forgotten > 10, "seed \(seed) tested nothing")
    }
}

@Suite struct TreePathTests {
    // swift-format-ignore
    static let joins: [(directory: ByteString, name: ByteString, path: ByteString)] = [
        ("/",       "x",   "/x"),
        ("/data",   "x",   "/data/x"),
        ("/data/a", "b c", "/data/a/b c"),
    ]

    @Test(arguments: joins)
    func pathsAreJoinedAndSplit(directory: ByteString, name: ByteString, path: ByteString) {
        #expect(TreePath.child(of: directory, name: name) == path)
        #expect(TreePath.parent(of: path) == directory)
    }

    @Test func theRootIsItsOwnParent() { #expect(TreePath.parent(of: "/") == "/") }

    @Test func inodesAreTheHashOfThePath() {
        #expect(TreePath.inode(of: "abc") == 0x44BC_2CF5_AD77_0999)
        #expect(TreePath.inode(of: "/a") != TreePath.inode(of: "/b"))
    }

    // swift-format-ignore
    static let names: [(name: ByteString, isVisible: Bool)] = [
        ("x", true), ("...", true), (".x", true), (ByteString([0xff, 0xfe]), true),
        (ByteString(repeatElement(UInt8(ascii: "x"), count: 255)), true),
        (ByteString(repeatElement(UInt8(ascii: "x"), count: 256)), false),
        ("", false), (".", false), ("..", false), ("a/b", false), ("a\0b", false),
    ]

    @Test(arguments: names) func visibility(name: ByteString, isVisible: Bool) {
        #expect(TreePath.isVisible(name) == isVisible)
    }
}
