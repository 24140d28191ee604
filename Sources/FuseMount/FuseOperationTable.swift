// SPDX-License-Identifier: Apache-2.0
import CFuse3
import Glibc
import Primitives

/// The callbacks that libfuse knows: each names the request and hands it on.
///
/// Safe because libfuse calls them with a request that nobody has answered, and with names and
/// `fuse_file_info` that live until they return.
enum FuseOperationTable {
    static func make() -> fuse_lowlevel_ops {
        var table = fuse_lowlevel_ops()
        unsafe table.`init` = { userdata, connection in
            guard let connection = unsafe connection else { return }
            unsafe FuseConnection.negotiate(&connection.pointee)
        }
        addNodes(&table)
        addFiles(&table)
        addDirectories(&table)
        refuseChanges(&table)
        return table
    }

    private static func addNodes(_ table: inout fuse_lowlevel_ops) {
        unsafe table.lookup = { request, parent, name in
            unsafe answer(request, .lookup) { system, request in
                guard let name = unsafe name else { return _ = request.fail(EINVAL) }
                system.lookup(request, parent: parent, name: unsafe nameBytes(name))
            }
        }
        unsafe table.forget = { request, id, count in
            unsafe answer(request, .forget) { system, request in
                system.forget(id, count: count)
                request.acknowledge()
            }
        }
        unsafe table.forget_multi = { request, count, list in
            unsafe answer(request, .forget) { system, request in
                let list = unsafe UnsafeBufferPointer(start: list, count: count)
                for index in list.indices {
                    let forgotten = unsafe list[index]
                    system.forget(forgotten.ino, count: forgotten.nlookup)
                }
                request.acknowledge()
            }
        }
        unsafe table.getattr = { request, id, _ in
            unsafe answer(request, .getattr) { system, request in system.getattr(request, id: id) }
        }
        unsafe table.readlink = { request, _ in
            unsafe answer(request, .readlink) { _, request in request.fail(EINVAL) }
        }
        unsafe table.statfs = { request, _ in
            unsafe answer(request, .statfs) { system, request in system.statfs(request) }
        }
        unsafe table.getxattr = { request, _, _, _ in
            unsafe answer(request, .getxattr) { _, request in request.fail(ENOTSUP) }
        }
        unsafe table.listxattr = { request, _, size in
            unsafe answer(request, .listxattr) { _, request in
                request.replyNoExtendedAttributes(size: size)
            }
        }
    }

    private static func addFiles(_ table: inout fuse_lowlevel_ops) {
        unsafe table.open = { request, id, info in
            unsafe answer(request, .open) { system, request in
                guard let info = unsafe info else { return _ = request.fail(EINVAL) }
                unsafe system.open(request, id: id, info: info.pointee)
            }
        }
        unsafe table.read = { request, id, size, offset, info in
            unsafe answer(request, .read) { system, request in
                guard let info = unsafe info, offset >= 0 else { return _ = request.fail(EINVAL) }
                let handle = unsafe info.pointee.fh
                let offset = UInt64(offset)
                system.read(request, id: id, handle: handle, offset: offset, count: size)
            }
        }
        unsafe table.release = { request, _, info in
            unsafe answer(request, .release) { system, request in
                system.release(request, handle: unsafe info?.pointee.fh ?? 0)
            }
        }
    }

    private static func addDirectories(_ table: inout fuse_lowlevel_ops) {
        unsafe table.opendir = { request, id, info in
            unsafe answer(request, .opendir) { system, request in
                guard let info = unsafe info else { return _ = request.fail(EINVAL) }
                unsafe system.opendir(request, id: id, info: info.pointee)
            }
        }
        unsafe table.readdir = { request, _, size, position, info in
            unsafe answer(request, .readdir) { system, request in
                guard position >= 0 else { return _ = request.fail(EINVAL) }
                let handle = unsafe info?.pointee.fh ?? 0
                system.readdir(
                    request,
                    handle: handle,
                    position: Int(position),
                    size: size,
                    kind: .names
                )
            }
        }
        unsafe table.readdirplus = { request, _, size, position, info in
            unsafe answer(request, .readdirplus) { system, request in
                guard position >= 0 else { return _ = request.fail(EINVAL) }
                let handle = unsafe info?.pointee.fh ?? 0
                system.readdir(
                    request,
                    handle: handle,
                    position: Int(position),
                    size: size,
                    kind: .withAttributes
                )
            }
        }
        unsafe table.releasedir = { request, _, info in
            unsafe answer(request, .releasedir) { system, request in
                system.releasedir(request, handle: unsafe info?.pointee.fh ?? 0)
            }
        }
    }

    /// The kernel refuses most of these itself, because the mount is read-only; what it lets
    /// through is refused here.
    private static func refuseChanges(_ table: inout fuse_lowlevel_ops) {
        unsafe table.setattr = { request, _, _, _, _ in unsafe refuse(request) }
        unsafe table.mknod = { request, _, _, _, _ in unsafe refuse(request) }
        unsafe table.mkdir = { request, _, _, _ in unsafe refuse(request) }
        unsafe table.unlink = { request, _, _ in unsafe refuse(request) }
        unsafe table.rmdir = { request, _, _ in unsafe refuse(request) }
        unsafe table.symlink = { request, _, _, _ in unsafe refuse(request) }
        unsafe table.rename = { request, _, _, _, _, _ in unsafe refuse(request) }
        unsafe table.link = { request, _, _, _ in unsafe refuse(request) }
        unsafe table.create = { request, _, _, _, _ in unsafe refuse(request) }
        unsafe table.write = { request, _, _, _, _, _ in unsafe refuse(request) }
        unsafe table.fallocate = { request, _, _, _, _, _ in unsafe refuse(request) }
        unsafe table.setxattr = { request, _, _, _, _, _ in unsafe refuse(request) }
        unsafe table.removexattr = { request, _, _ in unsafe refuse(request) }
    }
}

// MARK: - Private, outside of the type because a C callback captures nothing, not even `Self`

private func answer(
    _ pointer: fuse_req_t?,
    _ operation: FuseOperation,
    _ body: (FuseFileSystem, FuseRequest) -> Void
) {
    guard let pointer = unsafe pointer else { return }
    let system = unsafe FuseFileSystem.of(pointer)
    body(system, unsafe FuseRequest(pointer, operation, recorder: system.recorder))
}

private func refuse(_ pointer: fuse_req_t?) {
    unsafe answer(pointer, .modify) { _, request in request.fail(EROFS) }
}

private func nameBytes(_ name: UnsafePointer<CChar>) -> ByteString {
    let length = unsafe strlen(name)
    return unsafe ByteString(UnsafeRawBufferPointer(start: name, count: length))
}
