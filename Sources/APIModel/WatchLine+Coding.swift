// SPDX-License-Identifier: Apache-2.0

extension WatchLine: Codable {
    private enum Kind: String, Codable { case state, put, delete, progress, closed }

    private enum CodingKeys: String, CodingKey {
        case revision, type, key, value, more, resumeFrom
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .state(let revision, let key, let value):
            try Self.encode(.state, revision, key, value, hasMore: false, into: &container)
        case .put(let revision, let key, let value, let hasMore):
            try Self.encode(.put, revision, key, value, hasMore: hasMore, into: &container)
        case .delete(let revision, let key, let hasMore):
            try Self.encode(.delete, revision, key, nil, hasMore: hasMore, into: &container)
        case .progress(let revision):
            try container.encode(revision, forKey: .revision)
            try container.encode(Kind.progress, forKey: .type)
        case .closed(let resumeFrom):
            try container.encode(Kind.closed, forKey: .type)
            try container.encode(resumeFrom, forKey: .resumeFrom)
        }
    }

    private static func encode(
        _ kind: Kind,
        _ revision: UInt64,
        _ key: String,
        _ value: WatchValue?,
        hasMore: Bool,
        into container: inout KeyedEncodingContainer<CodingKeys>
    ) throws {
        try container.encode(revision, forKey: .revision)
        try container.encode(kind, forKey: .type)
        try container.encode(key, forKey: .key)
        if let value {
            try container.encode(value, forKey: .value)
        } else {
            try container.encodeNil(forKey: .value)
        }
        if hasMore { try container.encode(true, forKey: .more) }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try container.decode(Kind.self, forKey: .type)
        if kind == .closed {
            self = .closed(resumeFrom: try container.decode(UInt64.self, forKey: .resumeFrom))
            return
        }
        let revision = try container.decode(UInt64.self, forKey: .revision)
        if kind == .progress {
            self = .progress(revision: revision)
            return
        }

        let key = try container.decode(String.self, forKey: .key)
        let hasMore = try container.decodeIfPresent(Bool.self, forKey: .more) ?? false
        if kind == .delete {
            self = .delete(revision: revision, key: key, hasMore: hasMore)
            return
        }
        let value = try WatchValue(of: key, in: container, forKey: .value)
        self =
            kind == .state
            ? .state(revision: revision, key: key, value: value)
            : .put(revision: revision, key: key, value: value, hasMore: hasMore)
    }
}

extension WatchValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .mount(let mount): try mount.encode(to: encoder)
        case .worker(let worker): try worker.encode(to: encoder)
        case .ring(let ring): try ring.encode(to: encoder)
        case .credential(let credential): try credential.encode(to: encoder)
        case .voters(let voters): try voters.encode(to: encoder)
        case .job(let job): try job.encode(to: encoder)
        }
    }

    /// Reads the value that belongs to a watched key: the key says which shape it has.
    fileprivate init<Key: CodingKey>(
        of watched: String,
        in container: KeyedDecodingContainer<Key>,
        forKey key: Key
    ) throws {
        if watched.utf8.starts(with: "mounts/".utf8) {
            self = .mount(try container.decode(MountDocument.self, forKey: key))
        } else if watched.utf8.starts(with: "workers/".utf8) {
            self = .worker(try container.decode(WorkerDocument.self, forKey: key))
        } else if watched.utf8.starts(with: "rings/".utf8) {
            self = .ring(try container.decode(RingDocument.self, forKey: key))
        } else if watched.utf8.starts(with: "credentials/".utf8) {
            self = .credential(try container.decode(CredentialDocument.self, forKey: key))
        } else if watched.utf8.starts(with: "jobs/".utf8) {
            self = .job(try container.decode(JobDocument.self, forKey: key))
        } else if watched == "voters" {
            self = .voters(try container.decode(VotersDocument.self, forKey: key))
        } else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: container,
                debugDescription: "no value is known for the key '\(watched)'"
            )
        }
    }
}
