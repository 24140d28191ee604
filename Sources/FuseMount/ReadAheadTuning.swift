// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Raises what the kernel reads ahead on a mount, where this user may.
enum ReadAheadTuning {
    /// In KiB.
    ///
    /// Gives READ requests of 1 MiB; 4 MiB gained nothing. `INIT` alone cannot raise the
    /// default of 128 KiB.
    static let readAheadKiB = 1024

    /// Sets it for a device number such as `0:52`; `false` where that is not possible.
    static func apply(device: String) -> Bool {
        let path = "/sys/class/bdi/\(device)/read_ahead_kb"
        let file = unsafe Glibc.open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        let text = Array("\(readAheadKiB)\n".utf8)
        return unsafe write(file, text, text.count) == text.count
    }
}
