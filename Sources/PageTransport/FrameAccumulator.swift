// SPDX-License-Identifier: Apache-2.0
import Codecs
package import NIOCore

/// Cuts what arrives on a connection into a greeting and then frames.
///
/// A length is looked at before its bytes are waited for, so that what is buffered stays below the
/// longest frame and one read of the socket.
package struct FrameAccumulator: Sendable {
    /// One frame: kind, id, and the body that follows them.
    package struct Frame: Sendable, Equatable {
        package let kind: UInt8
        package let id: UInt64
        package let body: ByteBuffer
    }

    package enum Failure: Error, Sendable, Equatable {
        /// The first bytes are not the protocol's.
        case notOurProtocol
        /// A length beyond what is allowed, in bytes.
        case oversized(byteCount: Int, limit: Int)
        /// A length too short for kind and id, in bytes.
        case undersized(byteCount: Int)
    }

    private var buffer = ByteBuffer()
    private let frameLimit: Int

    /// - Parameter frameLimit: The most that a frame's length may announce, in bytes.
    package init(frameLimit: Int) { self.frameLimit = frameLimit }

    /// Bytes that do not make a whole frame yet.
    package var byteCount: Int { buffer.readableBytes }

    package mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The body of the greeting; `nil` until it is whole.
    ///
    /// Strangers are recognised by their first byte.
    package mutating func nextGreeting() throws(Failure) -> [UInt8]? {
        let arrived = buffer.readableBytesView.prefix(PageProtocol.magic.count)
        guard PageProtocol.magic.starts(with: arrived) else { throw .notOurProtocol }
        let head = PageProtocol.greetingHeadByteCount
        guard let length = length(at: PageProtocol.magic.count) else { return nil }
        guard length <= PageProtocol.maximumHelloByteCount else {
            throw .oversized(byteCount: length, limit: PageProtocol.maximumHelloByteCount)
        }
        guard buffer.readableBytes >= head + length else { return nil }
        buffer.moveReaderIndex(forwardBy: head)
        return buffer.readBytes(length: length)
    }

    /// The next frame; `nil` until one is whole.
    package mutating func nextFrame() throws(Failure) -> Frame? {
        guard let length = length(at: 0) else { return nil }
        guard length >= PageProtocol.headByteCount else { throw .undersized(byteCount: length) }
        guard length <= frameLimit else {
            throw .oversized(byteCount: length, limit: frameLimit)
        }
        guard buffer.readableBytes >= PageProtocol.lengthByteCount + length else {
            // Once, instead of growing with every piece: the length is within its limit.
            let missing = PageProtocol.lengthByteCount + length - buffer.readableBytes
            buffer.reserveCapacity(minimumWritableBytes: missing)
            return nil
        }
        buffer.moveReaderIndex(forwardBy: PageProtocol.lengthByteCount)
        guard let kind = buffer.readInteger(as: UInt8.self),
            let id = buffer.readInteger(endianness: .little, as: UInt64.self),
            let body = buffer.readSlice(length: length - PageProtocol.headByteCount)
        else { return nil }
        return Frame(kind: kind, id: id, body: body)
    }

    private func length(at offset: Int) -> Int? {
        buffer.getInteger(
            at: buffer.readerIndex + offset,
            endianness: .little,
            as: UInt32.self
        ).map(Int.init)
    }
}
