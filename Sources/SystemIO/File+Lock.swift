// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

extension File {
    /// Takes the exclusive lock on this file without waiting; `false` if another process has it.
    ///
    /// It ends with the last descriptor of this opening, so also when the process dies. The
    /// corresponding C function is `flock`.
    package borrowing func tryLock() throws(Errno) -> Bool {
        let number = descriptor.rawValue
        do {
            try syscall { flock(number, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            guard error == .wouldBlock else { throw error }
            return false
        }
    }
}
