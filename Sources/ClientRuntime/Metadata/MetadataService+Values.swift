// SPDX-License-Identifier: Apache-2.0
import Codecs
import Origins
import Primitives

// MARK: - Names

extension MetadataService {
    static func isShowable(_ name: ByteString) -> Bool {
        name.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { DirectoryListing.isShowable(ByteString($0)) }
    }

    /// The directory and the last component of a relative name.
    static func split(_ name: ByteString) -> (directory: ByteString, last: ByteString) {
        guard let slash = name.bytes.lastIndex(of: UInt8(ascii: "/")) else {
            return (ByteString(), name)
        }
        return (ByteString(name.bytes[..<slash]), name.dropFirst(slash + 1))
    }

    static func directory(validFor: Timespan?) -> PageAttributes {
        PageAttributes(
            kind: .directory,
            byteCount: 0,
            modifiedUnixNS: 0,
            version: ByteString(),
            validFor: validFor
        )
    }
}

extension DirectoryListing.Entry {
    var attributes: PageAttributes {
        PageAttributes(
            kind: isDirectory ? .directory : .file,
            byteCount: size,
            modifiedUnixNS: modifiedUnixNS,
            version: version,
            validFor: nil
        )
    }
}

extension OriginObject {
    var attributes: PageAttributes {
        PageAttributes(
            kind: .file,
            byteCount: size,
            modifiedUnixNS: modifiedUnixNS,
            version: version,
            validFor: nil
        )
    }
}

extension PageAttributes {
    func valid(for validFor: Timespan?) -> PageAttributes {
        PageAttributes(
            kind: kind,
            byteCount: byteCount,
            modifiedUnixNS: modifiedUnixNS,
            version: version,
            validFor: validFor
        )
    }
}

extension Result<PageAttributes, FileError> {
    /// Answers that hold for the mount's time to live: what exists, and what does not.
    var isWorthKeeping: Bool {
        switch self {
        case .success, .failure(.notFound): true
        case .failure: false
        }
    }
}
