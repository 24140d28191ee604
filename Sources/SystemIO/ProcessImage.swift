// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// This process as a program that can be started again in its own place.
package enum ProcessImage {
    /// Replaces this process by a new run of the same program with the same arguments; returns only where
    /// that fails.
    ///
    /// The process id stays, so whoever supervises the worker sees no end. All descriptors but the
    /// standard ones close, no signal stays blocked. The corresponding C function is `execv`.
    package static func startAgain() {
        var none = sigset_t()
        // Safe because the set outlives both calls, and no old one is asked for.
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        clinux_close_on_exec(STDERR_FILENO + 1)
        // Safe because the strings live until the program is replaced, or freed below; the list ends
        // with a null pointer.
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv("/proc/self/exe", &arguments)
        unsafe arguments.forEach { unsafe free($0) }
    }
}
