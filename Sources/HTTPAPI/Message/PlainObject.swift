// SPDX-License-Identifier: Apache-2.0
import APIModel

/// A JSON object as most bodies are: members that are strings without escapes, `null`, or objects of such
/// strings.
///
/// Reads those in a tenth of the time that `JSONDecoder` takes, which was a thirtieth of what a worker
/// under writes did. It never says what is wrong with a body: of any that is not so plain it makes
/// nothing, and `JSONDecoder` reads it.
struct PlainObject {
    enum Value {
        case null
        case text(String)
        case texts([String: String])
    }

    /// In the order written.
    private(set) var members: [(name: String, value: Value)] = []

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// `nil`: it is not that plain, or no JSON.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes[...]
        position = 0
        guard let members = readMembers({ $0.readValue() }), next == nil else { return nil }
        self.members = members
    }

    // MARK: - Private

    /// The next byte that is no white space.
    private var next: UInt8? {
        mutating get {
            while position < bytes.endIndex, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
                position += 1
            }
            return position < bytes.endIndex ? bytes[position] : nil
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func readMembers<Member>(
        _ readValue: (inout Self) -> Member?
    ) -> [(name: String, value: Member)]? {
        guard take(UInt8(ascii: "{")) else { return nil }
        var members: [(name: String, value: Member)] = []
        if take(UInt8(ascii: "}")) { return members }
        repeat {
            guard let name = readText(), take(UInt8(ascii: ":")), let value = readValue(&self)
            else { return nil }
            members.append((name, value))
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) ? members : nil
    }

    private mutating func readValue() -> Value? {
        switch next {
        case UInt8(ascii: "\""): return readText().map(Value.text)
        case UInt8(ascii: "n"):
            guard bytes[position...].starts(with: "null".utf8) else { return nil }
            position += 4
            return .null
        case UInt8(ascii: "{"):
            guard let texts = readMembers({ $0.readText() }) else { return nil }
            return .texts(Dictionary(texts.map { ($0.name, $0.value) }) { first, _ in first })
        default: return nil
        }
    }

    private mutating func readText() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        while position < bytes.endIndex, bytes[position] != UInt8(ascii: "\"") {
            guard bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\\") else { return nil }
            position += 1
        }
        guard position < bytes.endIndex else { return nil }
        defer { position += 1 }
        return String(validating: bytes[start..<position], as: UTF8.self)
    }
}

/// A document that can be made of a ``PlainObject``.
protocol PlainReadable {
    /// `nil` where any member is not as most are: `JSONDecoder` then decides.
    init?(_ object: PlainObject)
}

extension MountRequest: PlainReadable {
    init?(_ object: PlainObject) {
        self.init(origin: "")
        var hasOrigin = false
        for (name, value) in object.members {
            switch (name, value) {
            case ("origin", .text(let text)): (origin, hasOrigin) = (text, true)
            case ("options", .texts(let texts)): options = texts
            case ("credential", .text(let text)): credential = text
            case ("write", .text(let text)): write = text
            case ("metadataTtl", .text(let text)): metadataTtl = text
            case ("onStale", .text(let text)): onStale = text
            case ("options", .null), ("credential", .null), ("regions", .null), ("write", .null),
                ("replicas", .null), ("metadataTtl", .null), ("onStale", .null):
                break
            default: return nil
            }
        }
        guard hasOrigin else { return nil }
    }
}
