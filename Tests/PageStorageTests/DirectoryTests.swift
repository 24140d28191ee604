// SPDX-License-Identifier: Apache-2.0
import Foundation
import PageStorage
import Primitives
import SystemPackage
import Testing

@Suite struct DirectoryTests {
    private static let otherCluster = ClusterID(UniqueID(high: 9, low: 9))

    @Test func pagesOfAnotherRunAreKept() throws {
        let scratch = try Scratch()
        let file = object("a", byteCount: megabyte + 1)
        var store = try scratch.open()
        try store.put(file, page: 0)
        try store.put(file, page: 1)
        let before = store.statistics
        store = try scratch.open("spare")
        store = try scratch.open()
        #expect(store.statistics == before)
        #expect(try store.holds(file, page: 0))
        #expect(try store.holds(file, page: 1))
    }

    @Test func anotherClustersDirectoryIsRefused() throws {
        let scratch = try Scratch()
        _ = try scratch.open()
        let disk = scratch.disk(mebibytes: 64)
        #expect(
            throws: PageStoreError.foreignCluster(disk.directory, found: testCluster)
        ) {
            try PageStore.open(disks: [disk], cluster: Self.otherCluster)
        }
    }

    /// A cluster that goes on from another one takes over its caches, for good.
    @Test func aChildsDirectoryIsTheParentsUntilItIsOpened() throws {
        let scratch = try Scratch()
        let file = object("a", byteCount: megabyte + 1)
        let disk = scratch.disk(mebibytes: 64)
        do {
            let store = try scratch.open()
            try store.put(file, page: 0)
        }
        do {
            let store = try PageStore.open(
                disks: [disk],
                cluster: Self.otherCluster,
                ancestors: [testCluster]
            )
            #expect(try store.holds(file, page: 0), "it is warm")
        }
        #expect(
            throws: PageStoreError.foreignCluster(disk.directory, found: Self.otherCluster)
        ) { try scratch.open() }
        let again = try PageStore.open(disks: [disk], cluster: Self.otherCluster)
        #expect(try again.holds(file, page: 0))
    }

    @Test(arguments: ["notes.txt", "objects", "store.bak"])
    func aDirectoryWithForeignFilesIsLeftAlone(name: String) throws {
        let scratch = try Scratch()
        let directory = scratch.url.appending(path: "disk")
        let stranger = directory.appending(path: name)
        try FileManager.default.createDirectory(at: stranger, withIntermediateDirectories: true)
        let path = FilePath(stranger.path)
        #expect(throws: PageStoreError.foreignFile(path)) { try scratch.open() }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names == [name], "nothing was written")
    }

    @Test func aForeignFileAmongObjectsIsNamed() throws {
        let scratch = try Scratch()
        try scratch.open().put(object("a", byteCount: 1), page: 0)
        let folder = try #require(try scratch.files(".pages").first).deletingLastPathComponent()
        let stranger = folder.appending(path: "holiday.jpg")
        try Data([1]).write(to: stranger)
        #expect(throws: PageStoreError.foreignFile(FilePath(stranger.path))) { try scratch.open() }
        try FileManager.default.moveItem(at: stranger, to: folder.appending(path: "../fog"))
        #expect(throws: PageStoreError.self) { try scratch.open() }
    }

    @Test func oneDirectoryHasOneUser() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let directory = scratch.disk(mebibytes: 1).directory
        #expect(throws: PageStoreError.inUse(directory)) { try scratch.open() }
        try store.put(object("a", byteCount: 1), page: 0)
    }

    @Test func aDamagedHeaderIsNamed() throws {
        let scratch = try Scratch()
        _ = try scratch.open()
        let header = scratch.url.appending(path: "disk/store")
        let path = FilePath(header.path)
        let bytes = try Data(contentsOf: header)
        for position in bytes.indices where !(8..<12).contains(position) {
            var damaged = bytes
            damaged[position] ^= 0x10
            try damaged.write(to: header)
            #expect(throws: PageStoreError.damagedHeader(path)) { try scratch.open() }
        }
        try bytes.dropLast().write(to: header)
        #expect(throws: PageStoreError.damagedHeader(path)) { try scratch.open() }
        var newer = bytes
        newer[8] = 2
        try newer.write(to: header)
        #expect(throws: PageStoreError.unsupportedFormat(path, found: 2, newest: 1)) {
            try scratch.open()
        }
    }
}
