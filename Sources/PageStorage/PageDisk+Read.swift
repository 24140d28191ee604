// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PlacementCore
import Primitives
import Synchronization
import SystemPackage

extension PageDisk {
    /// Reads a range of a page; `nil` where it is not stored, or damaged, or cannot be read.
    ///
    /// A whole page is compared with its checksum every time, a part of one only if its page was
    /// not yet since the start: then the whole page is read once.
    func read(
        _ identity: ObjectIdentity,
        page: UInt32,
        range: Range<Int>,
        geometry: PageGeometry
    ) throws(PageStoreError) -> StoredPage? {
        guard isolatedBy == nil, let object = objects[identity], let entry = object.entry(of: page),
            let file = try blaming({ () throws(PageStoreError) in try openForReading(object) })
        else { return nil }

        let wholePage = 0..<geometry.byteCount(ofPage: page)
        let fetched = entry.isVerified ? range : wholePage
        let offset = geometry.range(ofPage: page).lowerBound + UInt64(fetched.lowerBound)
        let buffer: ByteBuffer?
        do throws(PageStoreError) {
            buffer = try readBuffer(
                file.descriptor,
                file.path,
                at: offset,
                byteCount: fetched.count
            )
            succeeded()
        } catch .io(let errno, _, _) where FaultCounter.blamesDisk(errno) {
            // One bad sector is one fault, however many readers meet it: the first forgets the page.
            if forgetDamaged(page, of: object) { failed(errno) }
            return nil
        } catch {
            throw error
        }
        guard var buffer, fetched != wholePage || checksum(of: buffer) == entry.checksum else {
            forgetDamaged(page, of: object)
            return nil
        }
        if !entry.isVerified { markVerified(page, of: object, entry) }
        touch(object, byteCount: range.count)
        guard range != wholePage else { return StoredPage(bytes: buffer, checksum: entry.checksum) }

        buffer.moveReaderIndex(forwardBy: range.lowerBound - fetched.lowerBound)
        buffer.moveWriterIndex(to: buffer.readerIndex + range.count)
        return StoredPage(bytes: buffer, checksum: checksum(of: buffer))
    }

    /// The object's open file; `nil` where the object was evicted meanwhile.
    ///
    /// Opened under the writer lock: afterwards the path could be a successor's, whose pages are
    /// not the ones that this entry lists.
    func openForReading(_ object: StoredObject) throws(PageStoreError) -> ObjectFile? {
        if let file = openFiles[object.serial] { return file }
        return try object.writer.withLock { writer throws(PageStoreError) in
            guard !writer.isGone, writer.hasFiles else { return nil }
            do throws(PageStoreError) {
                return try openUnderWriterLock(object)
            } catch .io(.noSuchFileOrDirectory, _, _) {
                discard(object, &writer)  // Somebody removed the file under us.
                return nil
            } catch {
                // Its pages are fetched again, into another file.
                if case .io(let errno, _, _) = error, FaultCounter.blamesDisk(errno) {
                    discard(object, &writer)
                }
                throw error
            }
        }
    }

    /// The object's open file, by whoever holds the object's writer lock and made its files.
    func openUnderWriterLock(_ object: StoredObject) throws(PageStoreError) -> ObjectFile {
        if let file = openFiles[object.serial] { return file }
        let descriptor = try openDescriptor(object.bytesPath, .readWrite)
        let file = ObjectFile(
            descriptor: descriptor,
            path: object.bytesPath,
            claim: object.claim
        )
        openFiles.insert(file, for: object.serial)
        return file
    }

    /// A descriptor of the object's file that can only read; `nil` where nothing is stored.
    func openFile(
        of identity: ObjectIdentity
    ) throws(PageStoreError) -> PageFile? {
        guard isolatedBy == nil, let object = objects[identity] else { return nil }
        return try object.writer.withLock { writer throws(PageStoreError) in
            guard !writer.isGone, writer.hasFiles else { return nil }
            let descriptor = try openDescriptor(object.bytesPath, .readOnly)
            let file = ObjectFile(
                descriptor: descriptor,
                path: object.bytesPath,
                claim: object.claim
            )
            return PageFile(
                file: file,
                isComplete: object.contents.withLock { $0.table.isComplete }
            )
        }
    }

    // MARK: - Private parts

    private func touch(_ object: StoredObject, byteCount: Int) {
        guard let ticket = object.contents.withLock({ $0.ticket }) else { return }
        queue.withLock { $0.touch(ticket, byteCount: UInt64(byteCount)) }
    }

    private func markVerified(_ page: UInt32, of object: StoredObject, _ entry: PageTable.Entry) {
        object.contents.withLock { contents in
            guard contents.table[page] == entry else { return }
            let verified = PageTable.Entry(checksum: entry.checksum, isVerified: true)
            contents.table.insert(page, verified)
        }
    }

    /// Takes a damaged page out of the table, and out of the sidecar for the next start.
    ///
    /// Returns `false` where somebody else did.
    @discardableResult
    private func forgetDamaged(_ page: UInt32, of object: StoredObject) -> Bool {
        object.writer.withLock { writer in
            guard !writer.isGone, let entry = object.entry(of: page) else { return false }
            object.contents.withLock { $0.table.remove(page) }
            counters.withLock { counters in
                counters.pageCount -= 1
                counters.badPageCount += 1
            }
            let record = SidecarRecord(page: page, checksum: entry.checksum, isPresent: false)
            // Should this fail, the next start finds the page damaged once more: no harm.
            try? blaming { () throws(PageStoreError) in try append(record, to: object, &writer) }
            return true
        }
    }
}

/// CRC32C of the readable bytes.
func checksum(of buffer: ByteBuffer) -> UInt32 {
    unsafe buffer.withUnsafeReadableBytes { unsafe CRC32C.checksum($0) }
}
