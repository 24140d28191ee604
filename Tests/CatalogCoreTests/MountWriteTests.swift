// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// Which condition lets a mount be written, and what it answers.
struct MountWriteTests {
    enum Expected: Sendable, Equatable { case created, replaced, removed, refused(String) }

    // swift-format-ignore
    static let writes: [(what: String, exists: Bool, removes: Bool, condition: Precondition, expected: Expected)] = [
        ("create",                 false, false, .absent(plain: true),     .created),
        ("create twice",           true,  false, .absent(plain: true),     .refused("mount-exists")),
        ("If-Match: 0, free",      false, false, .absent(plain: false),    .created),
        ("If-Match: 0, taken",     true,  false, .absent(plain: false),    .refused("revision-mismatch")),
        ("If-Match: 2, current",   true,  false, .revision(Revision(2)),   .replaced),
        ("If-Match: 1, old",       true,  false, .revision(Revision(1)),   .refused("revision-mismatch")),
        ("If-Match: 2, none",      false, false, .revision(Revision(2)),   .refused("revision-mismatch")),
        ("If-Match: *, there",     true,  false, .any,                     .replaced),
        ("If-Match: *, none",      false, false, .any,                     .created),
        ("delete",                 true,  true,  .any,                     .removed),
        ("delete nothing",         false, true,  .any,                     .refused("no-such-mount")),
        ("delete at revision",     true,  true,  .revision(Revision(2)),   .removed),
        ("delete at old revision", true,  true,  .revision(Revision(1)),   .refused("revision-mismatch")),
        ("delete nothing at one",  false, true,  .revision(Revision(2)),   .refused("no-such-mount")),
        ("delete unless there",    true,  true,  .absent(plain: false),    .refused("revision-mismatch")),
    ]

    @Test(arguments: writes)
    func conditions(
        _ row: (
            what: String, exists: Bool, removes: Bool, condition: Precondition, expected: Expected
        )
    ) {
        var catalog = formedCatalog()
        if row.exists { catalog.put("/data/a", Mount(origin: "s3://old")) }
        let before = (catalog.revision, catalog.stateDigest)
        let mount = Mount(origin: "s3://new")
        let application = catalog.perform(
            row.removes
                ? .removeMount(path: "/data/a", row.condition)
                : .putMount(path: "/data/a", mount, row.condition)
        )

        let found: Expected
        switch application.outcome {
        case .mount(_, let isCreated): found = isCreated ? .created : .replaced
        case .mountRemoved: found = .removed
        case .refused(let refusal): found = .refused(refusal.kind)
        case .clusterFormed, .worker, .credential, .credentialRemoved, .ring, .job:
            found = .refused("another kind of outcome")
        }
        #expect(found == row.expected, "\(row.what)")
        if case .refused = found {
            #expect((catalog.revision, catalog.stateDigest) == before, "\(row.what)")
            #expect(application.changes.isEmpty)
        } else {
            #expect(catalog.revision == before.0.next, "\(row.what)")
        }
    }

    @Test func anEntryKeepsItsCreateRevision() throws {
        var catalog = formedCatalog()
        let first = try #require(catalog.put("/data/a").mount)
        #expect((first.createRevision, first.modRevision) == (Revision(2), Revision(2)))

        let second = try #require(catalog.put("/data/a", if: .any).mount)
        #expect((second.createRevision, second.modRevision) == (Revision(2), Revision(3)))
        #expect(second.mount == first.mount, "an equal replacement still makes a revision")

        let removal = catalog.perform(.removeMount(path: "/data/a", .any))
        #expect(removal.outcome == .mountRemoved(second))
        let change = CatalogChange(
            revision: Revision(4),
            key: "mounts//data/a",
            value: nil,
            hasMore: false
        )
        #expect(removal.changes == [change])
        #expect(catalog.put("/data/a").mount?.createRevision == Revision(5))
    }

    @Test func aMismatchNamesTheRevisionThatIsThere() {
        var catalog = formedCatalog()
        #expect(
            catalog.put("/a", if: .revision(Revision(9))).refusal
                == .revisionMismatch(current: .zero)
        )
        catalog.put("/a")
        #expect(
            catalog.put("/a", if: .revision(Revision(9))).refusal
                == .revisionMismatch(current: Revision(2))
        )
    }

    @Test func canonicallyEqualPathsAreTwoMounts() {
        var catalog = formedCatalog()
        let composed = ByteString("/caf\u{E9}")
        let decomposed = ByteString("/cafe\u{301}")
        #expect(catalog.put(composed).mount != nil)
        #expect(catalog.put(decomposed).mount != nil)
        #expect(catalog.mountCount == 2)
    }

    @Test func mountsArePagedInByteOrder() {
        var catalog = formedCatalog()
        let paths: [ByteString] = ["/a", "/a-b", "/a/b", "/b", "/é"]
        for path in [paths[3], paths[0], paths[4], paths[2], paths[1]] { catalog.put(path) }

        #expect(catalog.mounts().map(\.path) == paths)
        #expect(catalog.mounts(limit: 2).map(\.path) == ["/a", "/a-b"])
        #expect(catalog.mounts(after: "/a-b", limit: 2).map(\.path) == ["/a/b", "/b"])
        #expect(catalog.mounts(after: "/a-c").map(\.path) == ["/a/b", "/b", "/é"])
        #expect(catalog.mounts(after: "/é").isEmpty)
    }
}
