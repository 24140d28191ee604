// SPDX-License-Identifier: Apache-2.0
import CFuse3
import ClientRuntime
import Glibc
import Synchronization

/// One request of the kernel, answered exactly once, from any thread.
///
/// libfuse frees a request with its reply. Whoever replies takes the pointer out under the lock and
/// holds the lock until libfuse has written the answer, so an interrupt, an unmount and the answer
/// itself may race and one of them wins.
///
/// Safe because:
/// 1. The pointer is used only while it is in `address`, and every use that ends it clears it.
/// 2. The session outlives every request: it is destroyed after ``RequestTable/abandonAll()``.
final class FuseRequest: Sendable {
    /// What became of an answer.
    enum Delivery {
        case delivered
        /// Somebody else had replied; nothing was sent.
        case tooLate
        /// The kernel no longer wanted it: what the answer promised (lookups, handles) is void.
        case discarded
    }

    let operation: FuseOperation
    /// The thread that waits for the answer; 0 where it has no number here.
    let caller: pid_t
    private let started = ContinuousClock.now
    private let recorder: any FuseOperationRecorder
    private let address: Mutex<UInt>

    init(
        _ request: fuse_req_t,
        _ operation: FuseOperation,
        recorder: any FuseOperationRecorder
    ) {
        self.operation = operation
        self.recorder = recorder
        caller = unsafe fuse_req_ctx(request)?.pointee.pid ?? 0
        address = Mutex(UInt(bitPattern: request))
    }

    /// Replies by `send`, which must call exactly one `fuse_reply_…` and return its result.
    @discardableResult
    func reply(_ send: (fuse_req_t) -> CInt) -> Delivery {
        let result = address.withLock { address -> CInt? in
            guard let request = unsafe fuse_req_t(bitPattern: address) else { return nil }
            address = 0
            return unsafe send(request)
        }
        guard let result else { return .tooLate }
        recorder.record(operation, duration: started.duration(to: .now))
        return result == -ENOENT ? .discarded : .delivered
    }

    /// Lets `body` set up something on the request, before anybody else knows of it.
    func whileOpen(_ body: (fuse_req_t) -> Void) {
        // Not under the lock: libfuse may call the interrupt function from within.
        let value = address.withLock { $0 }
        if let request = unsafe fuse_req_t(bitPattern: value) { unsafe body(request) }
    }
}

// MARK: - Replies

extension FuseRequest {
    @discardableResult
    func fail(_ errno: CInt) -> Delivery {
        unsafe reply { unsafe fuse_reply_err($0, errno) }
    }

    @discardableResult
    func succeed() -> Delivery { fail(0) }

    /// Ends a request that has no answer (`forget`).
    func acknowledge() {
        unsafe reply { request in
            unsafe fuse_reply_none(request)
            return 0
        }
    }

    @discardableResult
    func reply(attributes: Glibc.stat, seconds: Double) -> Delivery {
        var attributes = attributes
        return unsafe reply { unsafe fuse_reply_attr($0, &attributes, seconds) }
    }

    @discardableResult
    func reply(statistics: statvfs) -> Delivery {
        var statistics = statistics
        return unsafe reply { unsafe fuse_reply_statfs($0, &statistics) }
    }

    /// Sends bytes by copying them: `fuse_reply_data` would allocate anew for each read.
    @discardableResult
    func reply(bytes: UnsafeRawBufferPointer) -> Delivery {
        unsafe reply { request in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe fuse_reply_buf(request, start, bytes.count)
        }
    }

    /// Says that extended attributes do not exist here: none listed, none readable.
    @discardableResult
    func replyNoExtendedAttributes(size: Int) -> Delivery {
        unsafe reply { request in
            size == 0
                ? unsafe fuse_reply_xattr(request, 0) : unsafe fuse_reply_buf(request, nil, 0)
        }
    }
}
