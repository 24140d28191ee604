// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import NIOCore
import SystemPackage

/// Brings one file to this machine: written beside its place, checked, then renamed into it.
///
/// Whoever looks at the destination sees the old file or the whole new one, never a part.
struct Download {
    let client: ClusterClient
    let path: String
    let destination: String

    /// Copies, and tells `progress` of each piece and, unless `isExpected`, of the whole size.
    ///
    /// - Returns: How many bytes the file has.
    func run(
        _ progress: inout Progress,
        isExpected: Bool
    ) async throws(CommandFailure) -> UInt64 {
        let part = "\(destination).tarn-\(UUID().uuidString.lowercased().prefix(8))"
        do {
            let size = try await write(to: part, &progress, isExpected: isExpected)
            try rename(part)
            return size
        } catch {
            try? FileManager.default.removeItem(atPath: part)
            throw error
        }
    }

    private func write(
        to part: String,
        _ progress: inout Progress,
        isExpected: Bool
    ) async throws(CommandFailure) -> UInt64 {
        let file = try Self.open(part)
        var stream = FileStream(client, path: path)
        var isSizeKnown = isExpected
        do {
            try await stream.forEach { (head, piece) throws(CommandFailure) in
                if !isSizeKnown { progress.expect(head.size) }
                isSizeKnown = true
                try Self.append(piece, to: file, part)
                progress.advance(UInt64(piece.readableBytes))
            }
            guard let head = stream.head, stream.position == head.size else {
                throw CommandFailure.badAnswer(
                    "\(path): \(stream.position) bytes came, not all of it"
                )
            }
            try file.close()
            try setTime(of: part, head)
            return head.size
        } catch {
            try? file.close()
            throw Self.failure(error, at: part)
        }
    }

    private func setTime(of part: String, _ head: FileHead) throws {
        guard let date = head.modified.flatMap(HTTPDate.init) else { return }
        let moment = Date(timeIntervalSince1970: TimeInterval(date.unixSeconds))
        try FileManager.default.setAttributes([.modificationDate: moment], ofItemAtPath: part)
    }

    private func rename(_ part: String) throws(CommandFailure) {
        guard unsafe Foundation.rename(part, destination) == 0 else {
            throw .local("\(destination): \(Errno(rawValue: errno))")
        }
    }

    private static func open(_ part: String) throws(CommandFailure) -> SystemPackage.FileDescriptor
    {
        do {
            return try SystemPackage.FileDescriptor.open(
                FilePath(part),
                .writeOnly,
                options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite]
            )
        } catch {
            throw failure(error, at: part)
        }
    }

    private static func append(
        _ piece: ByteBuffer,
        to file: SystemPackage.FileDescriptor,
        _ part: String
    ) throws(CommandFailure) {
        do {
            _ = try file.writeAll(piece.readableBytesView)
        } catch {
            throw failure(error, at: part)
        }
    }

    private static func failure(_ error: any Error, at path: String) -> CommandFailure {
        if let failure = error as? CommandFailure { return failure }
        return .local("\(path): \(error)")
    }
}
