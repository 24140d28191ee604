// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LocatedCatalogTests {
    func addresses(_ port: Int) -> WorkerAddresses {
        WorkerAddresses(
            http: "h:\(port)",
            s3: nil,
            data: "d:\(port)",
            peer: "p:\(port)",
            socket: nil
        )
    }

    @Test func workersAreWhereTheyWereLastHeardFrom() {
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        let located = LocatedCatalog()
        #expect(located.view(of: catalog).stateDigest == catalog.stateDigest)

        located.heard(NodeID(2), at: addresses(1))
        located.heard(NodeID(99), at: addresses(9))  // Nobody the catalog knows.
        let view = located.view(of: catalog)
        #expect(view.worker(id: NodeID(2))?.addresses == addresses(1))
        #expect(view.worker(id: NodeID(1))?.addresses == catalog.worker(id: NodeID(1))?.addresses)
        #expect(view.revision == catalog.revision, "an opinion is no change")

        located.heard(NodeID(2), at: addresses(3))
        #expect(located.view(of: catalog).worker(id: NodeID(2))?.addresses == addresses(3))
    }

    @Test func aNewRevisionIsSeenAtOnce() {
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        let located = LocatedCatalog()
        located.heard(NodeID(2), at: addresses(1))
        _ = located.view(of: catalog)
        _ = catalog.apply(put("/data"))
        let view = located.view(of: catalog)
        #expect(view.mountCount == 1)
        #expect(view.worker(id: NodeID(2))?.addresses == addresses(1))
    }
}
