// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A TCP connection to 127.0.0.1 that says what no client would.
package final class RawSocket {
    private var descriptor: Int32

    /// - Throws: ``TestKitError/system(_:errno:)`` where nobody accepts.
    package init(port: UInt16) throws(TestKitError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | ServerPort.cloexec, 0)
        guard descriptor >= 0 else { throw .system("socket", errno: errno) }
        guard ServerPort.connects(descriptor, to: port) else {
            let failure = errno
            Glibc.close(descriptor)
            descriptor = -1
            throw .system("connect", errno: failure)
        }
        // What the other side does not take within a second is not sent.
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        // Safe because: the option's value is read during the call, with its true length.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, length)
        // Safe because: as above.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, length)
    }

    deinit { close() }

    /// Sends as much as the other side takes; it may have closed already.
    package func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            // Safe because: the pointer lives through the call and is followed by `count` bytes.
            let count = unsafe bytes[sent...].withUnsafeBytes { buffer in
                unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Bytes that have come, at most `count`; none after a second of silence or at the end.
    package func receive(upTo count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, received in
            // Safe because: the buffer lives through the call and holds `count` bytes.
            received = unsafe max(0, recv(descriptor, buffer.baseAddress, count, 0))
        }
    }

    package func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }
}
