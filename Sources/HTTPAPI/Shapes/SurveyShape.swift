// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import ClientRuntime
package import Primitives

extension SurveyNamesDocument {
    /// A part of a listing as the API shows it.
    package init(_ found: SurveyedNames, next: ByteString?) {
        self.init(
            objects: found.objects,
            bytes: found.bytes,
            digest: hexText(found.digest),
            sample: found.sample.map {
                Entry(name: ListCursor.text(of: $0.name), size: $0.size)
            },
            cut: found.isCut,
            last: found.last.map(ListCursor.text(of:)),
            next: next.map(ListCursor.text(of:))
        )
    }
}

extension SurveyedNames {
    /// What a worker answered; `nil` for what none would.
    package init?(_ document: SurveyNamesDocument) {
        guard let digest = UInt64(document.digest, radix: 16),
            document.sample.count <= Self.sampleLimit
        else { return nil }
        let last = document.last.flatMap { ListCursor.name(of: ByteString($0)) }
        guard (last == nil) == (document.last == nil) else { return nil }
        var sample: [Entry] = []
        for entry in document.sample {
            guard let name = ListCursor.name(of: ByteString(entry.name)) else { return nil }
            sample.append(Entry(name: name, size: entry.size))
        }
        self.init(
            objects: document.objects,
            bytes: document.bytes,
            digest: digest,
            sample: sample,
            isCut: document.cut,
            last: last
        )
    }
}
