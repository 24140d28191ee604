// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import PageTransport
import Primitives
import TestKit
import Testing

struct LocalityTests {
    /// Workers that say that they hold so many bytes of each object asked for.
    private static func hold(_ bytes: [UInt64: UInt64], in rig: Rig) {
        for (node, each) in bytes {
            rig.workers.set(NodeID(node)) { request in
                switch request {
                case .holdings(let objects):
                    .success(.holdings(byteCount: each * UInt64(objects.count)))
                default: .failure(.failed(.unknownMount))
                }
            }
        }
    }

    @Test func workersAreRankedByWhatTheyHoldOfAFile() async throws {
        let rig = Rig(workers: 4)
        _ = rig.file("x", byteCount: 5_000)
        Self.hold([1: 10, 2: 0, 3: 700], in: rig)
        let locality = try await rig.files.locality(of: "/data/a/x")
        #expect(locality.workers.map(\.worker) == ["w3", "w1"])
        #expect(locality.workers.map(\.byteCount) == [700, 10])
        #expect(locality.fileCount == 1 && locality.byteCount == 5_000 && !locality.isSample)
        let objects = rig.workers.takeAsked().compactMap { _, request -> [PageObject]? in
            guard case .holdings(let objects) = request else { return nil }
            return objects
        }
        let object = PageObject(
            origin: OriginID(1),
            key: "p/x",
            version: "v1",
            byteCount: 5_000
        )
        #expect(!objects.isEmpty && objects.allSatisfy { $0 == [object] })
        await #expect(throws: FileError.notFound) {
            _ = try await rig.files.locality(of: "/data/a/none")
        }
    }

    @Test func aDirectoryIsLookedAtInPartsThatFitARequest() async throws {
        let rig = Rig(workers: 2)
        for number in 0..<1_100 {
            rig.origin.put(ByteString("p/d/\(1_000 + number)"), [1, 2, 3])
        }
        rig.origin.put("p/d/1000-sub/deep", [1])
        Self.hold([1: 3, 2: 1], in: rig)
        let locality = try await rig.files.locality(of: "/data/a/d")
        #expect(locality.isSample)
        #expect((990...1_000).contains(locality.fileCount))
        #expect(locality.byteCount == UInt64(3 * locality.fileCount))
        let counts = rig.workers.takeAsked().compactMap { _, request -> Int? in
            guard case .holdings(let objects) = request else { return nil }
            #expect(request.encoded(id: 1).count <= PageProtocol.maximumRequestByteCount)
            return objects.count
        }
        #expect(counts.allSatisfy { $0 <= PageProtocol.maximumHoldingsCount })
        #expect(counts.reduce(0, +) == 2 * locality.fileCount)
        #expect(
            locality.workers.map(\.byteCount)
                == [UInt64(3 * locality.fileCount), UInt64(locality.fileCount)]
        )
    }
}
