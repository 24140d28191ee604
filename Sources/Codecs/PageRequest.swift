// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What a client asks of a worker.
package enum PageRequest: Hashable, Sendable {
    case read(PageReadRequest)
    /// `gone`: a version that a reader has found to exist nowhere any more. An answer that names it is
    /// not repeated, whatever its time to live: the origin is asked.
    case attributes(path: ByteString, view: PagePathView, gone: ByteString?)
    /// Entries behind `after`, at most `limit` of them (1…10,000), and fewer where they are long.
    case list(path: ByteString, after: ByteString?, limit: UInt32)
    case capacity
    /// One way: nobody answers.
    case report(PageReadReport)
    case ping
    case offer(PageOffer)
    /// How many bytes of these objects are stored; at most ``PageProtocol/maximumHoldingsCount``.
    case holdings([PageObject])

    /// Whether the request is answered at all.
    package var isAnswered: Bool {
        if case .report = self { false } else { true }
    }

    /// How many bytes of a page the answer may carry.
    package var replyByteCount: Int {
        guard case .read(let read) = self else { return 0 }
        return read.range.count
    }
}

/// How a path is looked at when it names both an object and a directory.
package enum PagePathView: UInt8, Sendable {
    case posix = 0
    case object = 1
}

/// Which client bytes were read for: the label `client` of `tarn_cache_read_bytes_total`.
package enum PageClientKind: UInt8, Sendable, CaseIterable {
    case http = 0
    case s3 = 1
    case fuse = 2
    case fs = 3
}

/// Where the bytes of an answer came from: the label `source` of `tarn_cache_read_bytes_total`.
package enum PageSource: UInt8, Sendable, CaseIterable {
    /// From the answering worker's own store.
    case local = 0
    /// From another worker.
    case peer = 1
    /// From the origin.
    case origin = 2
}

/// Asks for a range of one page of one version of an object.
package struct PageReadRequest: Hashable, Sendable {
    package enum Mode: UInt8, Sendable {
        /// Fetch the page if it is nowhere: for the filler.
        case read = 0
        /// Answer what is there, never fetch: for hedges, second owners, replicas.
        case readIfPresent = 1
        /// The same for a worker that takes the page over: what was here and is not any more is said.
        case takeOver = 2
        /// As ``read``, handed on by a worker that knows a newer epoch: never handed on again.
        case forwarded = 3

        /// Whether the page may be fetched from its origin for this request.
        package var mayFetch: Bool {
            switch self {
            case .read, .forwarded: true
            case .readIfPresent, .takeOver: false
            }
        }
    }

    package var mode: Mode
    /// The ring epoch that the request was routed by.
    package var epoch: RingEpoch
    package var region: String
    /// Path of the mount: whose origin, credentials and labels count.
    package var mount: ByteString
    package var origin: OriginID
    /// The object's key at its origin.
    package var key: ByteString
    package var version: ByteString
    /// Size of the object, in bytes.
    package var objectByteCount: UInt64
    /// Nanoseconds since 1970.
    package var modifiedUnixNS: Int64
    /// Which page of the object.
    package var page: UInt32
    /// Offsets in the page, in bytes: not empty, within the page.
    package var range: Range<UInt32>
    /// Bytes behind the range that the reader will very likely ask for next; 0 for random access.
    package var readAhead: UInt64

    package init(
        mode: Mode,
        epoch: RingEpoch,
        region: String,
        mount: ByteString,
        origin: OriginID,
        key: ByteString,
        version: ByteString,
        objectByteCount: UInt64,
        modifiedUnixNS: Int64,
        page: UInt32,
        range: Range<UInt32>,
        readAhead: UInt64 = 0
    ) {
        self.mode = mode
        self.epoch = epoch
        self.region = region
        self.mount = mount
        self.origin = origin
        self.key = key
        self.version = version
        self.objectByteCount = objectByteCount
        self.modifiedUnixNS = modifiedUnixNS
        self.page = page
        self.range = range
        self.readAhead = readAhead
    }
}

/// Bytes that a client outside of any worker returned to its user, since its last report.
package struct PageReadReport: Hashable, Sendable {
    package let mount: ByteString
    package let client: PageClientKind
    package let source: PageSource
    package let byteCount: UInt64

    package init(
        mount: ByteString,
        client: PageClientKind,
        source: PageSource,
        byteCount: UInt64
    ) {
        self.mount = mount
        self.client = client
        self.source = source
        self.byteCount = byteCount
    }
}
