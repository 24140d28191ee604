// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Writes the few fields of etcd's messages that are used here.
///
/// - Source: protobuf.dev, "Encoding"; etcd 3.5 `api/etcdserverpb/rpc.proto`.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(field: UInt64, _ text: String) {
        write(varint: field << 3 | 2)
        write(varint: UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(field: UInt64, message: [UInt8]) {
        write(varint: field << 3 | 2)
        write(varint: UInt64(message.count))
        bytes.append(contentsOf: message)
    }

    mutating func write(field: UInt64, _ number: UInt64) {
        write(varint: field << 3)
        write(varint: number)
    }

    private mutating func write(varint: UInt64) {
        var left = varint
        while left >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        bytes.append(UInt8(left))
    }
}

extension ByteBuffer {
    /// The number in a message's `field`; 0, protobuf's default, where it is absent.
    func protobufNumber(field wanted: UInt64) -> UInt64 {
        var rest = self
        while let tag = rest.readProtobufVarint() {
            switch tag & 7 {
            case 0:
                guard let number = rest.readProtobufVarint() else { return 0 }
                if tag >> 3 == wanted { return number }
            case 2:
                guard let byteCount = rest.readProtobufVarint(),
                    rest.readSlice(length: Int(clamping: byteCount)) != nil
                else { return 0 }
            default:
                return 0  // etcd's messages have no others.
            }
        }
        return 0
    }

    private mutating func readProtobufVarint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = readInteger(as: UInt8.self) else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
