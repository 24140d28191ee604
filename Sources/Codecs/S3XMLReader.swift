// SPDX-License-Identifier: Apache-2.0

/// Why a document is not the XML that a store should have sent.
package enum S3XMLError: Error, Sendable, Equatable {
    /// Not well-formed at this byte.
    case malformed(atByte: Int)
    /// Deeper than ``S3XMLReader/depthLimit``, or a name or text longer than its limit.
    case tooLarge(atByte: Int)
    /// A document type declaration: S3 sends none, and entities of one's own are an attack.
    case declaresTypes(atByte: Int)
    /// Well-formed, but this element is missing or has no value that it may have.
    case unexpected(element: String)
}

/// Reads XML as stores write it, one event at a time, from bytes that nobody vouches for.
///
/// Elements, text, CDATA, the five named entities and character references; attributes are checked
/// and dropped, namespace prefixes too; comments and processing instructions are skipped. Never
/// traps; depth and every name and text are bounded, so memory stays below the document's own size.
/// - Source: XML 1.0, fifth edition, §2 and §4.1, as far as the S3 API reference uses it.
package struct S3XMLReader: Sendable {
    package enum Event: Sendable, Equatable {
        case start(String)
        /// Text between two tags, entities resolved; whitespace as it stands.
        case text([UInt8])
        case end(String)
        case endOfDocument
    }

    /// Open elements at once.
    package static let depthLimit = 16
    /// Bytes of one name.
    package static let nameLimit = 128
    /// Bytes of one text.
    package static let textLimit = 65_536

    private let bytes: [UInt8]
    private var position = 0
    private var open: [String] = []
    private var hasRoot = false
    /// The end of an element that was written `<a/>`.
    private var pendingEnd: String?

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next event; after ``Event/endOfDocument`` the same again.
    package mutating func next() throws(S3XMLError) -> Event {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name)
        }
        skipByteOrderMark()
        while position < bytes.count {
            if open.isEmpty {
                skipWhitespace()
                if position == bytes.count { break }
                guard peek("<") else { throw malformed }
            } else if !peek("<") || peek("<![CDATA[") {
                return .text(try text())
            }
            if let event = try markup() { return event }
        }
        guard open.isEmpty, hasRoot else { throw malformed }
        return .endOfDocument
    }

    // MARK: - Markup

    /// One tag; `nil` for a comment or instruction, which is nothing.
    private mutating func markup() throws(S3XMLError) -> Event? {
        if skip("<!--") { return try skipBehind("-->") }
        if skip("<?") { return try skipBehind("?>") }
        if peek("<!") { throw .declaresTypes(atByte: position) }
        if skip("</") { return try endTag() }
        guard skip("<") else { throw malformed }
        return try startTag()
    }

    private mutating func startTag() throws(S3XMLError) -> Event {
        guard !(hasRoot && open.isEmpty) else { throw malformed }
        guard open.count < Self.depthLimit else { throw .tooLarge(atByte: position) }
        let name = try name()
        hasRoot = true
        while true {
            let hadSpace = skipWhitespace()
            if skip("/>") {
                pendingEnd = local(name)
                return .start(local(name))
            }
            if skip(">") {
                open.append(name)
                return .start(local(name))
            }
            guard hadSpace else { throw malformed }
            try skipAttribute()
        }
    }

    private mutating func endTag() throws(S3XMLError) -> Event {
        let name = try name()
        skipWhitespace()
        guard skip(">"), open.popLast() == name else { throw malformed }
        return .end(local(name))
    }

    private mutating func skipAttribute() throws(S3XMLError) {
        _ = try name()
        skipWhitespace()
        guard skip("=") else { throw malformed }
        skipWhitespace()
        guard position < bytes.count, [0x22, 0x27].contains(bytes[position]) else {
            throw malformed
        }
        let quote = bytes[position]
        position += 1
        guard let end = bytes[position...].firstIndex(of: quote),
            !bytes[position..<end].contains(UInt8(ascii: "<"))
        else { throw malformed }
        position = end + 1
    }

    private mutating func name() throws(S3XMLError) -> String {
        let rest = bytes[position...]
        let end = rest.firstIndex(where: { !Self.isNameByte($0) }) ?? bytes.count
        guard end > position, !(0x2D...0x39).contains(bytes[position]) else { throw malformed }
        guard end - position <= Self.nameLimit else { throw .tooLarge(atByte: position) }
        defer { position = end }
        guard let name = String(validating: bytes[position..<end], as: UTF8.self) else {
            throw malformed
        }
        return name
    }

    private func local(_ name: String) -> String {
        name.split(separator: ":").last.map(String.init) ?? name
    }

    // MARK: - Text

    /// Everything up to the next tag: runs of text, references and CDATA as one.
    private mutating func text() throws(S3XMLError) -> [UInt8] {
        var text: [UInt8] = []
        while position < bytes.count {
            if skip("<![CDATA[") {
                let start = position
                _ = try skipBehind("]]>")
                text += bytes[start..<position - 3]
            } else if peek("<") {
                break
            } else if skip("&") {
                text += try reference()
            } else {
                let run = bytes[position...].prefix { $0 != Self.less && $0 != Self.ampersand }
                text += run
                position = run.endIndex
            }
            guard text.count <= Self.textLimit else { throw .tooLarge(atByte: position) }
        }
        return text
    }

    /// What follows `&`, up to and with `;`.
    private mutating func reference() throws(S3XMLError) -> [UInt8] {
        let window = bytes[position...].prefix(12)
        guard let end = window.firstIndex(of: UInt8(ascii: ";")) else { throw malformed }
        let name = String(decoding: bytes[position..<end], as: UTF8.self)
        guard let scalar = Self.scalar(named: name) else { throw malformed }
        position = end + 1
        return Array(String(Character(scalar)).utf8)
    }

    private static func scalar(named name: String) -> Unicode.Scalar? {
        switch name {
        case "lt": "<"
        case "gt": ">"
        case "amp": "&"
        case "quot": "\""
        case "apos": "'"
        case _ where name.hasPrefix("#x"): code(name.dropFirst(2), radix: 16)
        case _ where name.hasPrefix("#"): code(name.dropFirst(), radix: 10)
        default: nil
        }
    }

    /// `UInt32.init(_:radix:)` would take a sign.
    private static func code(_ digits: Substring, radix: Int) -> Unicode.Scalar? {
        guard digits.first != "+", digits.first != "-", let code = UInt32(digits, radix: radix),
            code != 0
        else { return nil }
        return Unicode.Scalar(code)
    }

    // MARK: - Bytes

    private var malformed: S3XMLError { .malformed(atByte: position) }

    private static let less = UInt8(ascii: "<")
    private static let ampersand = UInt8(ascii: "&")

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: ":"), 0x80...:
            true
        default:
            false
        }
    }

    private func peek(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { wanted in
            unsafe bytes[position...].prefix(wanted.count).elementsEqual(wanted)
        }
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        guard peek(text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    private mutating func skipBehind(_ end: StaticString) throws(S3XMLError) -> Event? {
        while position < bytes.count {
            if skip(end) { return nil }
            position += 1
        }
        throw malformed
    }

    @discardableResult private mutating func skipWhitespace() -> Bool {
        let start = position
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
            position += 1
        }
        return position > start
    }

    private mutating func skipByteOrderMark() {
        if position == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }
}
