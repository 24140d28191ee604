// SPDX-License-Identifier: Apache-2.0
import SystemPackage

extension PageStoreError {
    /// Whether a cache directory is refused for what it is, not for a failing disk.
    package var isRefusal: Bool {
        switch self {
        case .foreignCluster, .foreignFile, .inUse, .damagedHeader, .unsupportedFormat,
            .differentGeometry, .noDisks:
            true
        case .full, .isolated, .io, .checksumMismatch, .conflictingPage, .invalidPage,
            .invalidRange, .unsupportedObject, .nameTaken:
            false
        }
    }
}

extension PageStoreError: CustomStringConvertible {
    /// What, which, why, what next.
    package var description: String {
        switch self {
        case .full(let needed, let capacity):
            "the cache is full: \(needed) bytes needed, its capacity is \(capacity)"
        case .isolated(let path, let errno):
            "cache \(path) is isolated after repeated errors (\(errno)); replace the disk"
        case .io(let errno, let operation, let path): "cache: \(operation) of \(path): \(errno)"
        case .checksumMismatch(let expected, let found):
            "a page has checksum \(found), not \(expected)"
        case .conflictingPage(let page, let stored, let offered):
            "page \(page) is stored with checksum \(stored), offered with \(offered)"
        case .invalidPage(let page, let byteCount): "no page \(page) of \(byteCount) bytes"
        case .invalidRange(let range, let byteCount):
            "range \(range) of a page of \(byteCount) bytes"
        case .unsupportedObject(let key, let version, let byteCount):
            "an object with a key of \(key), a version of \(version) and \(byteCount) bytes"
        case .nameTaken(let path): "\(path) belongs to another object"
        case .noDisks: "no cache directory is given, or one twice"
        case .foreignCluster(let path, let found):
            "cache \(path) belongs to cluster \(found); name another directory, or empty this one"
        case .foreignFile(let path):
            "cache: \(path) is not Tarn's; name an empty directory"
        case .inUse(let path): "cache \(path) is in use by another process"
        case .damagedHeader(let path): "cache \(path): the header is damaged; empty the directory"
        case .unsupportedFormat(let path, let found, let newest):
            """
            cache \(path) has format \(found), this release reads up to \(newest); start the \
            release that wrote it
            """
        case .differentGeometry(let path, let page, let unit):
            """
            cache \(path) was written with pages of \(page) and units of \(unit) bytes; name \
            another directory
            """
        }
    }
}
