// SPDX-License-Identifier: Apache-2.0
import Primitives

extension PageFailure {
    /// The longest text that travels, in bytes; what is longer is cut.
    package static let maximumTextByteCount = 1024

    /// A failure as it travels: `u16 code ‖ i64 number ‖ u32 n ‖ text`.
    private struct Wire {
        var code: UInt16
        var number: Int64 = 0
        var text = ""
    }

    /// The table of codes: once given, a code never means anything else.
    private var wire: Wire {
        switch self {
        case .notFound: Wire(code: 1)
        case .notADirectory: Wire(code: 2)
        case .isADirectory: Wire(code: 3)
        case .accessDenied(let code): Wire(code: 4, text: code)
        case .stale: Wire(code: 5)
        case .invalidPath(let why): Wire(code: 6, text: why)
        case .rangeNotSatisfiable(let count): Wire(code: 7, number: Int64(bitPattern: count))
        case .timedOut: Wire(code: 8)
        case .originFailed(let why): Wire(code: 9, text: why)
        case .staleCatalog(let ageMS): Wire(code: 10, number: Int64(bitPattern: ageMS))
        case .overloaded: Wire(code: 11)
        case .misconfigured(let why): Wire(code: 12, text: why)
        case .corrupt: Wire(code: 13)
        case .unknownCredential(let name): Wire(code: 14, text: name)
        case .originChanged: Wire(code: 32)
        case .originThrottled(let status): Wire(code: 33, number: Int64(status))
        case .originStatus(let status, let code):
            Wire(code: 34, number: Int64(status), text: code)
        case .originTimedOut(let afterMS): Wire(code: 35, number: Int64(bitPattern: afterMS))
        case .originUnreachable(let why): Wire(code: 36, text: why)
        case .originBrokenBody(let why): Wire(code: 37, text: why)
        case .originIO(let errno): Wire(code: 38, number: Int64(errno))
        case .unknownMount: Wire(code: 64)
        case .stopping: Wire(code: 65)
        case .abandoned: Wire(code: 66)
        }
    }

    /// The code that stands for this failure on the wire.
    package var code: UInt16 { wire.code }

    func encode(into writer: inout ByteWriter) {
        let wire = wire
        writer.write(wire.code)
        writer.write(wire.number)
        writer.write(Self.cut(wire.text))
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        let code = try reader.integer(UInt16.self)
        let number = try reader.integer(Int64.self)
        let text = String(decoding: try reader.run(upTo: Self.maximumTextByteCount), as: UTF8.self)
        guard let failure = Self.decode(code, number, text) else {
            throw .invalid(what: "failure code", value: UInt64(code))
        }
        self = failure
    }

    private static func decode(_ code: UInt16, _ number: Int64, _ text: String) -> PageFailure? {
        let count = UInt64(bitPattern: number)
        return switch code {
        case 1: .notFound
        case 2: .notADirectory
        case 3: .isADirectory
        case 4: .accessDenied(code: text)
        case 5: .stale
        case 6: .invalidPath(text)
        case 7: .rangeNotSatisfiable(byteCount: count)
        case 8: .timedOut
        case 9: .originFailed(text)
        case 10: .staleCatalog(ageMS: count)
        case 11: .overloaded
        case 12: .misconfigured(text)
        case 13: .corrupt
        case 14: .unknownCredential(text)
        case 32: .originChanged
        case 33: .originThrottled(status: UInt16(clamping: number))
        case 34: .originStatus(UInt16(clamping: number), code: text)
        case 35: .originTimedOut(afterMS: count)
        case 36: .originUnreachable(text)
        case 37: .originBrokenBody(text)
        case 38: .originIO(errno: Int32(clamping: number))
        case 64: .unknownMount
        case 65: .stopping
        case 66: .abandoned
        default: nil
        }
    }

    /// The text, ended before the character that would make it too long.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumTextByteCount else { return text }
        var kept = ""
        var byteCount = 0
        for scalar in text.unicodeScalars {
            byteCount += String(scalar).utf8.count
            guard byteCount <= maximumTextByteCount else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }
}
