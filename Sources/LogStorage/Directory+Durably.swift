// SPDX-License-Identifier: Apache-2.0
import SystemIO
package import SystemPackage

extension Directory {
    /// Makes a directory whose name survives a power cut; one that is there already is fine.
    ///
    /// Its parent must exist, and is synced when the directory was made. The corresponding C
    /// functions are `mkdir` and `fsync` of the parent.
    package static func createDurably(_ path: FilePath) throws(Errno) {
        do throws(Errno) {
            try create(path)
        } catch {
            guard error == .fileExists, try FileStatus(of: path).isDirectory else { throw error }
            return
        }
        let parent = path.removingLastComponent()
        try sync(parent.isEmpty ? "." : parent)
    }
}
