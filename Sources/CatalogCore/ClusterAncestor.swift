// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A cluster that another one goes on from, after a restore or a forced recovery.
package struct ClusterAncestor: Hashable, Sendable {
    package let cluster: ClusterID
    package let generation: UInt64
    /// How much of it the successor has.
    package let revision: Revision

    package init(cluster: ClusterID, generation: UInt64, revision: Revision) {
        self.cluster = cluster
        self.generation = generation
        self.revision = revision
    }

    func write(to writer: inout ByteWriter) {
        writer.write(cluster.rawValue)
        writer.write(generation)
        writer.write(revision.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        cluster = ClusterID(try reader.uniqueID())
        generation = try reader.counter("generation")
        revision = Revision(try reader.counter("revision"))
    }
}
