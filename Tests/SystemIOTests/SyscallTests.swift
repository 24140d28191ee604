// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemIO
import SystemPackage
import Testing

@Suite struct SyscallTests {
    @Test func interruptedCallsAreRepeated() throws {
        var calls = 0
        let result = try syscall { () -> CInt in
            calls += 1
            if calls < 3 { errno = EINTR }
            return calls < 3 ? -1 : 7
        }
        #expect(result == 7)
        #expect(calls == 3)
    }

    @Test func otherFailuresAreThrown() {
        #expect(throws: Errno.noSpace) {
            try syscall { () -> CInt in
                errno = ENOSPC
                return -1
            }
        }
    }
}
