// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import SystemPackage

/// One cache directory, as the operator configures it.
package struct PageDiskConfiguration: Sendable, Equatable {
    package let directory: FilePath
    /// Bounds the blocks allocated below the directory.
    package let capacity: ByteCount
    /// How many object files may stay open between two uses: 1…65,536.
    package let openFileLimit: Int

    package init(directory: FilePath, capacity: ByteCount, openFileLimit: Int = 128) {
        self.directory = directory
        self.capacity = capacity
        self.openFileLimit = min(max(openFileLimit, 1), 1 << 16)
    }
}
