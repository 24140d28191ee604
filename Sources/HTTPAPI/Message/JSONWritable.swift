// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import NIOHTTP1

/// A document that writes itself, member by member in the order of their names.
package protocol JSONWritable {
    func writeJSON(to writer: inout JSONWriter)
}

extension APIResponse {
    /// The same bytes as ``json(_:status:)`` makes of any document, in a fraction of the time.
    package static func written(
        _ document: some JSONWritable,
        status: HTTPResponseStatus = .ok
    ) -> Self {
        var writer = JSONWriter(reservingCapacity: 512)
        document.writeJSON(to: &writer)
        return Self(
            status: status,
            headers: ["Content-Type": "application/json"],
            body: .bytes(writer.bytes)
        )
    }
}

extension MountDocument: JSONWritable {
    package func writeJSON(to writer: inout JSONWriter) {
        writer.object { writer in
            if let barrier { writer.member("barrier") { barrier.writeJSON(to: &$0) } }
            writer.member("createRevision", createRevision)
            writer.member("credential", credential)
            if let credentialSource { writer.member("credentialSource", credentialSource) }
            writer.member("metadataTtl", metadataTtl)
            writer.member("modRevision", modRevision)
            writer.member("onStale", onStale)
            writer.member("options", sorting: options) { $0.write($1) }
            writer.member("origin", origin)
            writer.member("originId", originId)
            writer.member("path", path)
            writer.member("regions", sorting: regions) { $1.writeJSON(to: &$0) }
            writer.member("replicas", replicas)
            writer.member("write", write)
        }
    }
}

extension BarrierDocument: JSONWritable {
    package func writeJSON(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("complete", complete)
            writer.member("regions") { writer in
                writer.array(regions) { $1.writeJSON(to: &$0) }
            }
        }
    }
}

extension BarrierDocument.Region: JSONWritable {
    package func writeJSON(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("missing") { writer in writer.array(missing) { $0.write($1) } }
            writer.member("region", region)
            writer.member("state", state.rawValue)
            writer.member("workers", workers)
        }
    }
}

extension MountRegionDocument: JSONWritable {
    package func writeJSON(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("credential", credential)
            writer.member("options", sorting: options) { $0.write($1) }
            writer.member("origin", origin)
            writer.member("originId", originId)
        }
    }
}

extension ResolveDocument: JSONWritable {
    package func writeJSON(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("mount", mount)
            writer.member("origin", origin)
            writer.member("path", path)
            writer.member("region", region)
            writer.member("revision", revision)
        }
    }
}

extension Page: JSONWritable where Item: JSONWritable {
    package func writeJSON(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("items") { writer in
                writer.array(items) { $1.writeJSON(to: &$0) }
            }
            writer.member("next", next)
        }
    }
}
