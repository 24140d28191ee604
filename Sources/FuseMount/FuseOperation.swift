// SPDX-License-Identifier: Apache-2.0

/// What the kernel asks for: the label `op` of `tarn_fuse_operation_seconds`.
package enum FuseOperation: String, CaseIterable, Sendable {
    case lookup, forget, getattr, readlink, open, read, release
    case opendir, readdir, readdirplus, releasedir
    case statfs, getxattr, listxattr
    /// Everything that would change something, and is refused.
    case modify
}

/// Takes how long operations took; the integrator connects it to the metrics.
package protocol FuseOperationRecorder: Sendable {
    /// Notes one answered operation.
    ///
    /// Called once per request, from any thread, right after the reply; it must not block.
    func record(_ operation: FuseOperation, duration: Duration)
}
