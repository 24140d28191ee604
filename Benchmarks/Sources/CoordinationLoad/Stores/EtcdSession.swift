// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// etcd's own gRPC API.
final class EtcdSession: Session {
    private let connection: GRPCConnection
    private let heads: [Method: GRPCHead]

    private enum Method: String, CaseIterable {
        case put = "/etcdserverpb.KV/Put"
        case range = "/etcdserverpb.KV/Range"
        case watch = "/etcdserverpb.Watch/Watch"
        case status = "/etcdserverpb.Maintenance/Status"
        case moveLeader = "/etcdserverpb.Maintenance/MoveLeader"
    }

    init(_ connection: GRPCConnection, to member: Member) {
        self.connection = connection
        let authority = "\(member.host):\(member.port)"
        heads = Dictionary(
            uniqueKeysWithValues: Method.allCases.map {
                ($0, GRPCHead(path: $0.rawValue, authority: authority))
            }
        )
    }

    func close() { connection.close() }

    func perform(_ call: Call, _ done: @escaping (Outcome) -> Void) {
        var message = ProtobufWriter()
        switch call {
        case .put(let key):
            message.write(field: 1, Keys.space + Keys.path(key))
            message.write(field: 2, Keys.value)
            unary(.put, message, done)
        case .read(let key):
            message.write(field: 1, Keys.space + Keys.path(key))
            unary(.range, message, done)
        case .readLocally(let key):
            message.write(field: 1, Keys.space + Keys.path(key))
            message.write(field: 7, 1)  // serializable
            unary(.range, message, done)
        case .leader:
            unary(.status, message) { outcome in
                guard case .answered(let status) = outcome else { return done(outcome) }
                let leader = status.protobufNumber(field: 4)
                done(.answered(ByteBuffer(string: String(leader, radix: 16))))
            }
        case .transfer(let member):
            message.write(field: 1, UInt64(member.name, radix: 16) ?? 0)
            unary(.moveLeader, message, done)
        case .begin:
            done(.answered(ByteBuffer()))  // Its members know each other from their flags.
        }
    }

    func watch(begun: @escaping () -> Void, received: @escaping (ByteBuffer) -> Void) {
        var create = ProtobufWriter()
        create.write(field: 1, Keys.space)
        create.write(field: 2, "mounts0")  // The end of the range: `/` + 1.
        var message = ProtobufWriter()
        message.write(field: 1, message: create.bytes)
        guard let head = heads[.watch] else { return }
        var isBegun = false
        connection.send(head, message.bytes, keepsOpen: true) { part in
            guard case .message(let bytes) = part else { return }
            if isBegun { return received(bytes) }
            isBegun = true
            begun()
        }
    }

    private func unary(
        _ method: Method,
        _ message: ProtobufWriter,
        _ done: @escaping (Outcome) -> Void
    ) {
        guard let head = heads[method] else { return done(.lost) }
        var answer = ByteBuffer()
        connection.send(head, message.bytes) { part in
            switch part {
            case .message(let bytes): answer = bytes
            case .end(0, _): done(.answered(answer))
            case .end(let status, let text): done(.refused("grpc-status \(status) \(text)"))
            case .lost: done(.lost)
            }
        }
    }
}
