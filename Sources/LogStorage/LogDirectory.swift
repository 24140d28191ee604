// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// The one directory a log lives in, as far as the log needs it: small enough to be simulated.
///
/// ``FileLogDirectory`` is the real one. A simulated one keeps what was synced apart from what was
/// only written, so that tests can rebuild every state a crash may leave. Names are plain file
/// names without `/`. What a file holds is durable after ``LogFile/sync()``, which names exist after
/// ``sync()``: the two are independent.
package protocol LogDirectory {
    /// All names, sorted.
    func names() throws(Errno) -> [String]

    /// Opens an existing file for reading and writing; `ENOENT` without one.
    func open(_ name: String) throws(Errno) -> any LogFile

    /// Makes an empty file; `EEXIST` if the name is taken.
    func create(_ name: String) throws(Errno) -> any LogFile

    /// Gives a file another name, replacing what had it, as one step.
    func rename(_ old: String, to new: String) throws(Errno)

    /// Removes a name.
    func remove(_ name: String) throws(Errno)

    /// Makes names durable: of files made, renamed, removed.
    func sync() throws(Errno)
}

/// An open file of a ``LogDirectory``; closed when the last reference goes.
package protocol LogFile: AnyObject {
    /// Length, in bytes.
    func byteCount() throws(Errno) -> Int

    /// Reads up to `count` bytes from `offset`; fewer only at the end.
    func read(at offset: Int, count: Int) throws(Errno) -> [UInt8]

    /// Writes all bytes at `offset`, extending the file if need be; not durable before ``sync()``.
    func write(_ bytes: [UInt8], at offset: Int) throws(Errno)

    /// Lets the next reads of the first `byteCount` bytes come from the medium, where that makes a
    /// difference; a hint.
    func forgetCached(upTo byteCount: Int)

    /// Makes content and length durable; after an error nothing is known, and it must not be called
    /// again.
    func sync() throws(Errno)
}

extension LogFile {
    package func forgetCached(upTo byteCount: Int) {}
}
