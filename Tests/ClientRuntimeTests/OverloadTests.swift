// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import NIOCore
import Origins
import PageTransport
import PlacementCore
import Primitives
import Telemetry
import TestKit
import Testing

/// Goal: a worker with too much to do is not taken for one that does not answer.
struct OverloadTests {
    /// From the worker, or from this process's own queue for it.
    static let overloads: [PageClientError] = [.failed(.overloaded), .overloaded]

    @Test(arguments: overloads)
    func aBusyOwnerIsAskedAgainRatherThanAnother(overload: PageClientError) async throws {
        let rig = Rig()
        let (file, bytes) = rig.file("x", byteCount: 100)
        let owners = rig.owners(of: "x")
        let refusals = CounterBox(7)  // More than five, and longer than 200 ms.
        rig.workers.set(owners[0]) { _ in
            refusals.decrement()
                ? .failure(overload)
                : .success(.page(ByteBuffer(bytes: bytes), checksum: 0, source: .local))
        }
        let read = try await rig.files.read(
            file,
            range: 0..<100,
            context: ReadContext(client: .fuse)
        )
        #expect(read.readableBytes == 100)
        #expect(rig.workers.takeAsked().map(\.node) == Array(repeating: owners[0], count: 8))
        #expect(!rig.suspects.isSuspect(owners[0]))
    }

    @Test(arguments: overloads)
    func anOverloadThatLastsIsTheAnswer(overload: PageClientError) async throws {
        let rig = Rig(overloadPatience: .milliseconds(100))
        let (file, _) = rig.file("x", byteCount: 100)
        let owners = rig.owners(of: "x")
        rig.workers.set(owners[0]) { _ in .failure(overload) }
        for other in owners.dropFirst() { rig.workers.set(other) { _ in .success(.miss) } }
        await #expect(throws: FileError.overloaded) {
            let context = ReadContext(client: .fuse)
            _ = try await rig.files.read(file, range: 0..<100, context: context)
        }
        for (node, request) in rig.workers.takeAsked() where node != owners[0] {
            guard case .read(let read) = request else { continue }
            #expect(read.mode == .readIfPresent, "\(node) was asked to fetch")
        }
        #expect(rig.origin.reads.isEmpty)
        #expect(rig.counter(.cacheMisses, ["/data/a", "worker-down"]) == 0)
    }

    @Test func metadataTooWaitsForItsOwner() async throws {
        let rig = Rig(overloadPatience: .milliseconds(100))
        rig.origin.put("p/x", [1])
        for node in 1...3 {
            rig.workers.set(NodeID(UInt64(node))) { _ in .failure(.failed(.overloaded)) }
        }
        await #expect(throws: FileError.overloaded) {
            _ = try await rig.files.attributes(of: "/data/a/x", view: .posix)
        }
        await #expect(throws: FileError.overloaded) {
            _ = try await rig.files.list("/data/a", after: nil, limit: 10)
        }
        #expect(Set(rig.workers.takeAsked().map(\.node)).count == 1)
        #expect(rig.origin.headCount + rig.origin.listCount == 0)
    }

    /// Goal: a worker that needs long for a listing is neither doubted nor followed by another one.
    @Test func aListingThatTakesTooLongIsNoReasonForDoubt() async throws {
        let rig = Rig()
        rig.origin.put("p/x", [1])
        for node in 1...3 { rig.workers.set(NodeID(UInt64(node))) { _ in .failure(.timedOut) } }
        await #expect(throws: FileError.timedOut) {
            _ = try await rig.files.list("/data/a", after: nil, limit: 10)
        }
        #expect(rig.workers.takeAsked().count == 1)
        #expect((1...3).allSatisfy { !rig.suspects.isSuspect(NodeID(UInt64($0))) })
        #expect(rig.origin.listCount == 0)
    }
}
