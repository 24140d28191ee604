// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
import Primitives

extension WatchLine {
    /// One event of a watch as its line.
    package init(_ event: WatchEvent) {
        switch event {
        case .state(let key, let value, let revision):
            self = .state(revision: revision.rawValue, key: key.text, value: WatchValue(value))
        case .change(let change): self.init(change)
        case .progress(let revision): self = .progress(revision: revision.rawValue)
        case .closed(let resumeFrom): self = .closed(resumeFrom: resumeFrom.rawValue)
        }
    }

    private init(_ change: CatalogChange) {
        if let value = change.value {
            self = .put(
                revision: change.revision.rawValue,
                key: change.key.text,
                value: WatchValue(value),
                hasMore: change.hasMore
            )
        } else {
            self = .delete(
                revision: change.revision.rawValue,
                key: change.key.text,
                hasMore: change.hasMore
            )
        }
    }
}

extension WatchValue {
    /// What a key holds, in the shape its key space has everywhere else.
    package init(_ value: CatalogValue) {
        switch value {
        case .cluster(let cluster): self = .voters(VotersDocument(cluster))
        case .mount(let entry): self = .mount(MountDocument(entry))
        case .worker(let entry): self = .worker(WorkerDocument(entry))
        case .ring(let entry): self = .ring(RingDocument(entry))
        case .credential(let entry): self = .credential(CredentialDocument(entry))
        case .job(let entry): self = .job(JobDocument(entry))
        }
    }
}
