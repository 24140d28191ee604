// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import NIOCore
import Origins
import PageTransport
import PlacementCore
import Primitives
import TestKit
import Testing

/// Goal: a version found gone is not named again, by whichever way its attributes were known.
struct GoneVersionTests {
    /// What was asked before the object changed, so that its old version is kept there.
    enum Known: CaseIterable {
        case listing, posix, object, everything
    }

    @Test(arguments: Known.allCases)
    func theOldVersionIsNotNamedAgain(known: Known) async throws {
        let rig = Rig()
        for name in ["w", "x", "y"] as [ByteString] { rig.origin.put("p/" + name, [1]) }
        try await Self.learn(known, rig)
        rig.origin.put("p/x", [1, 2], version: "v2")

        for _ in 0..<2 {
            let fresh = try await rig.metadata.attributes(
                of: "/data/a/x",
                view: .object,
                gone: "v1"
            )
            #expect(fresh.version == "v2")
            #expect(fresh.byteCount == 2)
        }
        let heads = rig.origin.headCount
        #expect(heads <= 3)
        for view in [PathView.posix, .object] {
            let attributes = try await rig.metadata.attributes(of: "/data/a/x", view: view)
            #expect(attributes.version == "v2")
        }
        let page = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        #expect(page.entries.map(\.attributes.version) == ["v1", "v2", "v1"])
        for _ in 0..<5 {
            _ = try await rig.metadata.attributes(of: "/data/a/x", view: .object, gone: "v1")
        }
        let asked = rig.origin.headCount - heads
        #expect(asked <= 1, "readers of one gone version share an answer")  // Of posix, perhaps.
    }

    @Test(arguments: Known.allCases) func aRemovedObjectIsGone(known: Known) async throws {
        let rig = Rig()
        for name in ["w", "x", "y"] as [ByteString] { rig.origin.put("p/" + name, [1]) }
        try await Self.learn(known, rig)
        rig.origin.remove("p/x")
        for (view, gone) in [(.object, "v1"), (.object, nil), (.posix, nil)]
            as [(PathView, ByteString?)]
        {
            await #expect(throws: FileError.notFound) {
                try await rig.metadata.attributes(of: "/data/a/x", view: view, gone: gone)
            }
        }
        var names: [ByteString] = []
        var after: ByteString?
        for _ in 0..<5 {
            let page = try await rig.metadata.list("/data/a", after: after, limit: 1)
            names += page.entries.map(\.name)
            guard page.hasMore, let last = page.entries.last else { break }
            after = last.name
        }
        #expect(names == ["w", "y"])
    }

    @Test func moreCorrectionsThanAListingTakesAskForItAnew() async throws {
        let rig = Rig()
        let names = (0..<DirectoryListing.correctionLimit + 1).map { ByteString("f\($0)") }
        for name in names { rig.origin.put("p/" + name, [1]) }
        _ = try await rig.metadata.list("/data/a", after: nil, limit: 1)
        let lists = rig.origin.listCount
        for name in names {
            rig.origin.put("p/" + name, [2], version: "v2")
            _ = try await rig.metadata.attributes(of: "/data/a/" + name, view: .object, gone: "v1")
        }
        let page = try await rig.metadata.list("/data/a", after: nil, limit: 10_000)
        #expect(page.entries.count == names.count)
        #expect(page.entries.allSatisfy { $0.attributes.version == "v2" })
        #expect(rig.origin.listCount > lists)
    }

    @Test func aReaderThatFindsItGoneTellsTheDirectorysOwnerBeforeItFails() async throws {
        let rig = Rig()
        let (file, _) = rig.file("x", byteCount: 3 * pageBytes)
        for node in rig.owners(of: "x") {
            rig.workers.set(node) { request in
                guard case .read = request else { return .failure(.failed(.notFound)) }
                return .failure(.failed(.originChanged))
            }
        }
        await #expect(throws: FileError.stale) {
            let context = ReadContext(client: .fuse)
            _ = try await rig.files.read(file, range: 0..<file.size, context: context)
        }
        let told = rig.workers.takeAsked().filter { _, request in
            request == .attributes(path: "/data/a/x", view: .object, gone: "v1")
        }
        #expect(told.count == 1)
    }

    private static func learn(_ known: Known, _ rig: Rig) async throws {
        if known == .posix || known == .everything {
            _ = try await rig.metadata.attributes(of: "/data/a/x", view: .posix)
        }
        if known == .object || known == .everything {
            _ = try await rig.metadata.attributes(of: "/data/a/x", view: .object)
        }
        if known == .listing || known == .everything {
            _ = try await rig.metadata.list("/data/a", after: nil, limit: 10)
        }
    }
}
