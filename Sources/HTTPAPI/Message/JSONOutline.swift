// SPDX-License-Identifier: Apache-2.0

/// The member names of a JSON text, as written, before anything decodes it.
///
/// Decoders keep one of two equal members without a word, and nobody can tell which; this finds
/// them. Right for valid JSON; whatever it says about other bytes, the decoder refuses those anyway.
///
/// Invariant: `open` holds one entry for each `{` or `[` not closed yet, at most ``depthLimit``.
struct JSONOutline {
    enum Finding: Hashable {
        case repeated(String)
        case tooDeep
    }

    static let depthLimit = 16

    /// Names of the outermost object, in the order written.
    private(set) var topMembers: [String] = []
    /// The first thing wrong; what comes behind it was not looked at.
    private(set) var finding: Finding?

    /// Names seen in each open object; `nil` for an array.
    private var open: [Set<String>?] = []

    init(_ bytes: [UInt8]) {
        var position = 0
        while position < bytes.count, finding == nil {
            switch bytes[position] {
            case UInt8(ascii: "{"): enter([])
            case UInt8(ascii: "["): enter(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
            case UInt8(ascii: "\""):
                let end = Self.endOfString(in: bytes, from: position)
                if Self.isMember(bytes, endingAt: end) {
                    note(
                        String(
                            decoding: bytes[(position + 1)..<max(position + 1, end)],
                            as: UTF8.self
                        )
                    )
                }
                position = end
            default: break
            }
            position += 1
        }
    }

    private mutating func enter(_ names: Set<String>?) {
        guard open.count < Self.depthLimit else {
            finding = .tooDeep
            return
        }
        open.append(names)
    }

    private mutating func note(_ name: String) {
        guard let last = open.indices.last, var names = open[last] else { return }
        if open.count == 1 { topMembers.append(name) }
        guard names.insert(name).inserted else {
            finding = .repeated(name)
            return
        }
        open[last] = names
    }

    /// Index of the closing quote, or of the end of the text.
    private static func endOfString(in bytes: [UInt8], from start: Int) -> Int {
        var position = start + 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position, bytes.count)
    }

    /// In valid JSON a string before a colon is a name and nothing else.
    private static func isMember(_ bytes: [UInt8], endingAt end: Int) -> Bool {
        let rest = bytes.dropFirst(end + 1)
        return rest.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ":")
    }
}
