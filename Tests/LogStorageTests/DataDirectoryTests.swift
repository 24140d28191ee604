// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import SystemIO
import SystemPackage
import TestKit
import Testing

@Suite struct DataDirectoryTests {
    static let store = StoreID(UniqueID(high: 3, low: 4))
    static let cluster = ClusterID(UniqueID(high: 1, low: 2))

    static func open(
        _ scratch: ScratchDirectory,
        name: String = "w1"
    ) throws(DataDirectoryError) -> DataDirectory {
        try DataDirectory(at: scratch.path("data"), name: name) { store }
    }

    static func put(_ scratch: ScratchDirectory, _ name: String, _ bytes: [UInt8]) throws {
        try Directory.create(scratch.path("data"), existing: .isFine)
        try File(scratch.path("data").appending(name), .updateOrCreate).write(bytes, at: 0)
    }

    /// Opens, makes this store a member, closes.
    static func admit(_ scratch: ScratchDirectory, _ role: StoreIdentity.Role) throws {
        let directory = try open(scratch)
        if role == .voter {
            try directory.makeLogDirectory()
            let identity = LogIdentity(cluster: cluster, store: store, node: NodeID(7))
            try LogStorage.create(at: directory.logPath, identity: identity, options: tiny())
        }
        try directory.update {
            $0.membership = .init(cluster: cluster, node: NodeID(7), role: role)
        }
    }

    @Test func anEmptyDirectoryGetsAStoreAndKeepsIt() throws {
        let scratch = try ScratchDirectory()
        let first = try Self.open(scratch).identity
        #expect(first == StoreIdentity(store: Self.store, name: "w1"))
        let again = try DataDirectory(at: scratch.path("data"), name: "w2") {
            Issue.record("a second store for one directory")
            return Self.store
        }
        #expect(again.identity == StoreIdentity(store: Self.store, name: "w2"))
    }

    @Test func membershipAndIntentAreKept() throws {
        let scratch = try ScratchDirectory()
        try Self.admit(scratch, .voter)
        let intent = StoreIdentity.InitIntent(cluster: Self.cluster, body: Array(0...255))
        try Self.open(scratch).update { $0.intent = intent }
        let directory = try Self.open(scratch)
        #expect(directory.identity.intent == intent)
        #expect(directory.identity.membership?.role == .voter)
        try directory.require(cluster: Self.cluster)
        let other = ClusterID(UniqueID(high: 8, low: 8))
        #expect(
            throws: DataDirectoryError.foreignCluster(
                path: directory.path.string,
                found: Self.cluster,
                expected: other
            )
        ) { try directory.require(cluster: other) }
    }

    @Test func twoProcessesNeverShareIt() throws {
        let scratch = try ScratchDirectory()
        let first = try Self.open(scratch)
        let path = scratch.path("data").string
        // flock(2) locks the opening, so a second one in this process is as good as another process.
        #expect(throws: DataDirectoryError.inUse(path: path)) { try Self.open(scratch) }
        #expect(first.identity.name == "w1")
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let words: [String]
        let prepare: @Sendable (ScratchDirectory) throws -> Void

        init(
            _ name: String,
            _ words: [String],
            _ prepare: @escaping @Sendable (ScratchDirectory) throws -> Void
        ) {
            testDescription = name
            self.words = words
            self.prepare = prepare
        }
    }

    // swift-format-ignore
    static let refusals: [Refusal] = [
        Refusal("somebody's files", ["not Tarn's", "thesis.txt", "empty directory"]) { try put($0, "thesis.txt", [1]) },
        Refusal("a file", ["not a directory"]) { try File($0.path("data"), .create).write([1], at: 0) },
        Refusal("log without identity", ["half erased", "log"]) {
            try admit($0, .voter)
            try Directory.unlink($0.path("data").appending("identity"))
        },
        Refusal("voter without log", ["half erased", "n7", "not vote again"]) {
            try admit($0, .voter)
            let log = $0.path("data").appending("log")
            for name in try Directory.names(in: log) { try Directory.unlink(log.appending(name)) }
        },
        Refusal("damaged identity", ["damaged", "checksum"]) {
            try admit($0, .observer)
            try put($0, "identity", Array("TARNDATA".utf8) + [1, 0, 0, 0, 77])
        },
        Refusal("empty identity", ["damaged", "length"]) {
            try admit($0, .observer)
            try File($0.path("data").appending("identity"), .update).truncate(to: 0)
        },
        Refusal("newer format", ["format 9", "up to 2", "later"]) {
            try admit($0, .observer)
            let path = $0.path("data").appending("identity")
            var bytes = try File(path, .read).read(at: 0, count: 512)
            bytes[8] = 9
            let checksum = CRC32C.checksum(Array(bytes.dropLast(4)))
            for byte in 0..<4 { bytes[508 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte)) }
            try put($0, "identity", bytes)
        },
        Refusal("removed worker", ["n7", "removed"]) { try admit($0, .removed) },
    ]

    @Test(arguments: refusals) func isRefused(_ refusal: Refusal) throws {
        let scratch = try ScratchDirectory()
        try refusal.prepare(scratch)
        let path = scratch.path("data")
        let checked = #expect(throws: DataDirectoryError.self) {
            try DataDirectory.check(at: path, name: "w1")
        }
        do throws(DataDirectoryError) {
            _ = try Self.open(scratch)
            Issue.record("was opened")
        } catch {
            for word in refusal.words + [path.string] {
                #expect("\(error)".contains(word), "\(error)")
            }
            #expect(error == checked, "a check says what a start would")
        }
    }

    @Test func aCheckChangesNothing() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path("data")
        try DataDirectory.check(at: path, name: "w1")
        #expect(throws: Errno.noSuchFileOrDirectory) { try Directory.names(in: path) }
        try Directory.create(path, existing: .isError)
        try DataDirectory.check(at: path, name: "w1")
        #expect(try Directory.names(in: path).isEmpty)
        try Self.admit(scratch, .voter)
        let locked = try Self.open(scratch)
        try DataDirectory.check(at: path, name: "w1")  // The worker it belongs to may run.
        #expect(throws: DataDirectoryError.self) { try DataDirectory.check(at: path, name: "w2") }
        #expect(locked.identity.name == "w1")
    }

    @Test func anAdmittedWorkerKeepsItsName() throws {
        let scratch = try ScratchDirectory()
        try Self.admit(scratch, .observer)
        #expect(
            throws: DataDirectoryError.renamed(
                path: scratch.path("data").string,
                recorded: "w1",
                configured: "w2"
            )
        ) { try Self.open(scratch, name: "w2") }
    }
}
