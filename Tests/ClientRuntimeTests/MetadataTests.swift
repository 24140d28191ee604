// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOPosix
import TestKit
import PageTransport
import CatalogCore
import ClientRuntime
import Codecs
import Origins
import Primitives
import Telemetry
import Testing

struct MetadataTests {
    // MARK: - Names

    @Test func anObjectThatIsAlsoAPrefixIsADirectoryUnlessTheObjectIsMeant() async throws {
        let rig = Rig()
        rig.origin.put("p/both", [1, 2])
        rig.origin.put("p/both/x", [3])
        let posix = try await rig.metadata.attributes(of: "/data/a/both", view: .posix)
        let object = try await rig.metadata.attributes(of: "/data/a/both", view: .object)
        #expect(posix.kind == .directory)
        #expect(object.kind == .file)
        #expect(object.byteCount == 2)
        let page = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        #expect(page.entries.map(\.name) == ["both"])
        #expect(page.entries.map(\.attributes.kind) == [.directory])
    }

    @Test func aZeroByteMarkerIsADirectoryAndNoEntryOfIt() async throws {
        let rig = Rig()
        rig.origin.put("p/empty/", [])
        let page = try await rig.metadata.list("/data/a/empty", after: nil, limit: 10)
        #expect(page.entries.isEmpty)
        #expect(
            try await rig.metadata.attributes(of: "/data/a/empty", view: .posix).kind == .directory
        )
    }

    /// A directory has no marker: that it is there is all that there is of it.
    @Test func anEmptyDirectoryIsADirectory() async throws {
        let scratch = try ScratchFiles()
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/p/empty/inner",
            withIntermediateDirectories: true
        )
        try scratch.write("p/file", [1])
        let origin = DirectoryOrigin(
            root: ByteString(scratch.path),
            allowed: nil,
            pool: .singleton
        ) { _ in }
        for (path, names) in [("empty", ["inner"]), ("empty/inner", [])] {
            // A service each: what it knows of the parent's listing must not answer.
            let metadata = Rig(source: origin).metadata
            let path = ByteString("/data/a/\(path)")
            #expect(try await metadata.attributes(of: path, view: .posix).kind == .directory)
            let page = try await metadata.list(path, after: nil, limit: 10)
            #expect(page.entries.map(\.name.text) == names)
        }
        let metadata = Rig(source: origin).metadata
        await #expect(throws: FileError.notADirectory) {
            try await metadata.list("/data/a/file", after: nil, limit: 10)
        }
        await #expect(throws: FileError.notFound) {
            try await metadata.list("/data/a/nothing", after: nil, limit: 10)
        }
    }

    @Test func whatPOSIXCannotShowIsHiddenAndCounted() async throws {
        let rig = Rig()
        let long = ByteString(Array(repeating: UInt8(ascii: "n"), count: 256))
        for key in ["p/ok", "p//double", "p/./dot", "p/../up", "p/" + long] as [ByteString] {
            rig.origin.put(key, [1])
        }
        let page = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        #expect(page.entries.map(\.name) == ["ok"])
        #expect(rig.counter(.listHidden, ["/data/a"]) == 4)
        await #expect(throws: FileError.notFound) {
            try await rig.metadata.attributes(of: "/data/a//double", view: .posix)
        }
        let object = try await rig.metadata.attributes(of: "/data/a//double", view: .object)
        #expect(object.byteCount == 1)
    }

    @Test func directoriesAboveMountsExist() async throws {
        let rig = Rig(mounts: [
            ("/data/a", Mount(origin: "s3://bucket/p")),
            ("/data/b/deep", Mount(origin: "s3://bucket/q")),
        ])
        let root = try await rig.files.list("/", after: nil, limit: 10)
        #expect(root.entries.map(\.name) == ["data"])
        let data = try await rig.files.list("/data", after: nil, limit: 1)
        #expect(data.entries.map(\.name) == ["a"])
        #expect(data.hasMore)
        for after in ["a", "a/"] as [ByteString] {
            let rest = try await rig.files.list("/data", after: after, limit: 1)
            #expect(rest.entries.map(\.name) == ["b"])
            #expect(!rest.hasMore)
        }
        #expect(try await rig.files.attributes(of: "/data/b", view: .posix).kind == .directory)
        await #expect(throws: FileError.notFound) {
            try await rig.files.attributes(of: "/nowhere", view: .posix)
        }
        #expect(rig.workers.takeAsked().isEmpty, "the catalog knows")
    }

    @Test func aMountBelowAMountIsListedInIt() async throws {
        let rig = Rig(mounts: [
            ("/data/a", Mount(origin: "s3://bucket/p")),
            ("/data/a/sub/inner", Mount(origin: "s3://bucket/q")),
        ])
        rig.origin.put("p/file", [1])
        let page = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        #expect(page.entries.map(\.name) == ["file", "sub"])
        #expect(
            try await rig.metadata.attributes(of: "/data/a/sub", view: .posix).kind == .directory
        )
    }

    @Test func aFileIsNoDirectory() async throws {
        let rig = Rig()
        rig.origin.put("p/file", [1])
        await #expect(throws: FileError.notADirectory) {
            try await rig.metadata.list("/data/a/file", after: nil, limit: 10)
        }
        await #expect(throws: FileError.notFound) {
            try await rig.metadata.list("/data/a/nothing", after: nil, limit: 10)
        }
    }

    // MARK: - Time

    @Test func answersAgeAndAreAskedForAgain() async throws {
        let rig = Rig()
        rig.origin.put("p/x", [1])
        let fresh = try await rig.metadata.attributes(of: "/data/a/x", view: .object)
        #expect(fresh.validFor == .seconds(60))
        rig.clock.advance(59_000)
        rig.origin.put("p/x", [1, 2], version: "v2")
        let old = try await rig.metadata.attributes(of: "/data/a/x", view: .object)
        #expect(old.byteCount == 1)
        #expect(old.validFor == .seconds(1))
        rig.clock.advance(1_000)
        #expect(try await rig.metadata.attributes(of: "/data/a/x", view: .object).byteCount == 2)
        #expect(rig.origin.headCount == 2)
    }

    /// Goal: an answer's age counts from before the origin was asked, for those who joined, too.
    @Test func theTimeThatALoadTakesIsPartOfItsAge() async throws {
        let rig = Rig()
        rig.origin.put("p/x", [1])
        rig.origin.hold()
        async let first = rig.metadata.list("/data/a", after: nil, limit: 10)
        #expect(await eventually { rig.origin.listCount == 1 })
        rig.clock.advance(20_000)
        rig.origin.release()
        #expect(try await first.entries.map(\.attributes.validFor) == [.seconds(40)])
    }

    /// Goal: a directory that takes longer to list than it may be believed is listed once for all of its
    /// pages, and anew for who begins.
    @Test func laterPagesComeFromTheListingThatGaveTheFirst() async throws {
        let rig = Rig()
        for number in 0..<10 { rig.origin.put("p/f\(number)".bytes, [1]) }
        rig.origin.hold()
        async let first = rig.metadata.list("/data/a", after: nil, limit: 3)
        #expect(await eventually { rig.origin.listCount == 1 })
        rig.clock.advance(100_000)
        rig.origin.release()
        var names = try await first.entries.map(\.name)
        for _ in 0..<3 {
            rig.clock.advance(50_000)
            let page = try await rig.metadata.list("/data/a", after: names.last, limit: 3)
            #expect(page.entries.allSatisfy { $0.attributes.validFor == .seconds(0) })
            names += page.entries.map(\.name)
        }
        #expect(names.count == 10)
        #expect(rig.origin.listCount == 1)
        _ = try await rig.metadata.list("/data/a", after: nil, limit: 3)
        #expect(rig.origin.listCount == 2, "who begins gets what is true now")
        rig.clock.advance(120_000)
        _ = try await rig.metadata.list("/data/a", after: names[2], limit: 3)
        #expect(rig.origin.listCount == 3, "a reader that pauses for minutes, too")
    }

    @Test func immutableIsForEver() async throws {
        let rig = Rig(mounts: [("/data/a", Mount(origin: "s3://bucket/p", metadataTTL: .immutable))]
        )
        rig.origin.put("p/x", [1])
        _ = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        rig.clock.advance(1_000_000_000)
        let page = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        #expect(page.entries.map(\.attributes.validFor) == [nil])
        #expect(rig.origin.listCount == 1)
    }

    @Test func whatDoesNotExistIsRememberedToo() async throws {
        let rig = Rig()
        for _ in 0..<3 {
            await #expect(throws: FileError.notFound) {
                try await rig.metadata.attributes(of: "/data/a/none", view: .posix)
            }
        }
        #expect(rig.origin.headCount == 1)
        rig.clock.advance(60_000)
        rig.origin.put("p/none", [1])
        #expect(try await rig.metadata.attributes(of: "/data/a/none", view: .posix).kind == .file)
    }

    @Test func anOutageServesWhatIsKnownPastItsTime() async throws {
        let rig = Rig()
        rig.origin.put("p/x", [1])
        _ = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        rig.clock.advance(600_000)
        rig.origin.fail(with: .unreachable("down"))
        let page = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        #expect(page.entries.map(\.name) == ["x"])
        #expect(page.entries.map(\.attributes.validFor) == [.seconds(1)])
        // Only ever seen in the listing:
        let attributes = try await rig.metadata.attributes(of: "/data/a/x", view: .posix)
        #expect(attributes.byteCount == 1)
        await #expect(throws: FileError.self) {
            try await rig.metadata.list("/data/a/never-seen", after: nil, limit: 10)
        }
        rig.origin.fail(with: .accessDenied(code: "AccessDenied"))
        await #expect(throws: FileError.accessDenied(code: "AccessDenied")) {
            try await rig.metadata.list("/data/a", after: nil, limit: 10)
        }
    }

    @Test func aChangedMountForgetsWhatTheOldOneSaid() async throws {
        let rig = Rig()
        rig.origin.put("p/x", [1])
        rig.origin.put("q/y", [1])
        _ = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        rig.change { catalog in
            catalog.perform(.putMount(path: "/data/a", Mount(origin: "s3://bucket/q"), .any))
        }
        let page = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        #expect(page.entries.map(\.name) == ["y"])
    }

    // MARK: - One for all

    @Test func oneListingServesEverybodyWhoAsksMeanwhile() async throws {
        let rig = Rig()
        for number in 0..<12_500 { rig.origin.put("p/f\(number)".bytes, [1]) }
        rig.origin.hold()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await rig.metadata.list("/data/a", after: nil, limit: 10_000).entries.count
                }
            }
            #expect(await eventually { rig.origin.listCount == 1 })
            rig.origin.release()
            for try await count in group { #expect(count == 10_000) }
        }
        #expect(rig.origin.listCount == 2, "two pages of at most ten thousand")
    }

    // MARK: - Workers

    @Test func theOwnerOfTheDirectoryAnswersElseTheOrigin() async throws {
        let rig = Rig()
        rig.origin.put("p/x", [1, 2, 3])
        let answer = PageAttributes(
            kind: .file,
            byteCount: 99,
            modifiedUnixNS: 0,
            version: "w",
            validFor: .seconds(5)
        )
        for node in 1...3 {
            rig.workers.set(NodeID(UInt64(node))) { _ in .success(.attributes(answer)) }
        }
        let owned = try await rig.files.attributes(of: "/data/a/x", view: .posix)
        #expect(owned.size == 99)
        #expect(owned.validFor == .seconds(5))
        #expect(rig.workers.takeAsked().count == 1)
        for node in 1...3 {
            rig.workers.set(NodeID(UInt64(node))) { _ in .failure(.failed(.unknownMount)) }
        }
        #expect(try await rig.files.attributes(of: "/data/a/x", view: .posix).size == 3)
        for node in 1...3 {
            rig.workers.set(NodeID(UInt64(node))) { _ in .failure(.failed(.notFound)) }
        }
        await #expect(throws: FileError.notFound) {
            try await rig.files.attributes(of: "/data/a/x", view: .posix)
        }
    }
}

extension String {
    fileprivate var bytes: ByteString { ByteString(self) }
}
