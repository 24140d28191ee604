// SPDX-License-Identifier: Apache-2.0
import SystemIO
import SystemPackage

/// What may lie in a data directory, and who may use it.
enum DataDirectory {
    private static let parts: Set = ["identity", "lock", "log", "log.forming", "catalog", "init"]
    /// Files that are being replaced when a process dies; and what mkfs leaves.
    private static let leftovers: Set = ["identity.new", "catalog.new", "init.new", "lost+found"]
    /// What the worker's other parts put here.
    private static let others: Set = ["data.sock", "log.txt"]

    /// Makes the directory where it is missing and takes it for this process.
    ///
    /// The lock ends with the process, however that ends.
    static func lock(_ directory: FilePath) throws(MembershipStoreError) -> File {
        try makeAll(directory)
        try requireOurs(directory)
        do throws(Errno) {
            let lock = try File(directory.appending("lock"), .updateOrCreate)
            if try lock.tryLock() { return lock }
        } catch {
            throw .io(error, operation: "opening", directory)
        }
        throw .inUse(directory)
    }

    /// Demands a directory in which no worker has lived.
    static func requireUnused(_ directory: FilePath) throws(MembershipStoreError) {
        for part in ["log", "catalog", "init"] where exists(directory.appending(part)) {
            throw .halfErased(directory, missing: "there is '\(part)', but no identity")
        }
    }

    static func exists(_ path: FilePath) -> Bool { (try? FileStatus(of: path)) != nil }

    /// Removes a directory of files and what is in it.
    static func removeTree(_ directory: FilePath) throws(MembershipStoreError) {
        guard exists(directory) else { return }
        do throws(Errno) {
            for name in try Directory.names(in: directory) {
                try Directory.unlink(directory.appending(name))
            }
            try Directory.remove(directory)
        } catch {
            throw .io(error, operation: "removing", directory)
        }
    }

    private static func requireOurs(_ directory: FilePath) throws(MembershipStoreError) {
        let names: [String]
        do throws(Errno) {
            names = try Directory.names(in: directory)
        } catch {
            throw .io(error, operation: "reading", directory)
        }
        let allowed = parts.union(leftovers).union(others)
        if let foreign = names.first(where: { !allowed.contains($0) }) {
            throw .foreignFiles(directory, example: foreign)
        }
    }

    private static func makeAll(_ directory: FilePath) throws(MembershipStoreError) {
        var path = FilePath(root: directory.root)
        for component in directory.components {
            path.append(component)
            guard !exists(path) else { continue }
            do throws(Errno) {
                try Directory.create(path, existing: .isFine)
            } catch {
                throw .io(error, operation: "making", path)
            }
        }
    }
}
