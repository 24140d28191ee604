// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Why a text is no value of its kind; the reader adds place and key.
struct SettingRefusal: Error, Hashable {
    /// What was given, as it may be shown unless the key is secret.
    let given: String
    /// More than "allowed is …", where there is more to say.
    var detail: String?
}

extension SettingKind {
    /// Reads the form of flags and variables, in which lists are comma-separated.
    func value(fromText text: String) throws(SettingRefusal) -> SettingValue {
        switch self {
        case .endpoints:
            var endpoints: [HostPort] = []
            for part in Self.parts(of: text) { endpoints.append(try Self.endpoint(part)) }
            return .endpoints(endpoints)
        case .paths:
            var paths: [String] = []
            for part in Self.parts(of: text) { paths.append(try Self.path(part)) }
            return .paths(paths)
        case .disks:
            var disks: [WorkerSettings.CacheDisk] = []
            for part in Self.parts(of: text) { disks.append(try Self.disk(part)) }
            return .disks(disks)
        case .credentials:
            var credentials: [WorkerSettings.LocalCredential] = []
            for part in Self.parts(of: text) { credentials.append(try Self.credential(part)) }
            return .credentials(credentials)
        case .identifier, .path, .socket, .host, .endpoint, .boolean, .choice:
            return try scalar(text)
        }
    }

    /// Reads one value that is no list.
    func scalar(_ text: String) throws(SettingRefusal) -> SettingValue {
        switch self {
        case .identifier:
            return .text(try Self.identifier(text))
        case .path:
            return .text(try Self.path(text))
        case .socket:
            return .text(try Self.path(text, byteLimit: Self.socketByteLimit))
        case .host:
            guard HostPort.isHostName(text) || HostPort.isIPv6(text) else {
                throw SettingRefusal(given: text)
            }
            return .text(text)
        case .endpoint:
            return .endpoint(try Self.endpoint(text))
        case .boolean:
            guard let value = Bool(text) else { throw SettingRefusal(given: text) }
            return .boolean(value)
        case .choice(let words):
            guard words.contains(text) else {
                let hint = NearestName.hint(for: text, among: words)
                throw SettingRefusal(given: text, detail: hint.isEmpty ? nil : allowed + hint)
            }
            return .text(text)
        case .endpoints, .paths, .disks, .credentials:
            throw SettingRefusal(given: text)
        }
    }

    static func identifier(_ text: String) throws(SettingRefusal) -> String {
        let isLetterOrDigit = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte)
        }
        let isPart = { (byte: UInt8) in
            isLetterOrDigit(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        guard let first = text.utf8.first, isLetterOrDigit(first),
            text.utf8.count <= 63, text.utf8.allSatisfy(isPart)
        else { throw SettingRefusal(given: text) }
        return text
    }

    /// A limit of Linux, `PATH_MAX` less its end (limits.h).
    static func path(_ text: String, byteLimit: Int = 4095) throws(SettingRefusal) -> String {
        guard (1...byteLimit).contains(text.utf8.count) else {
            throw SettingRefusal(given: text, detail: "a path of 1 to \(byteLimit) bytes")
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw SettingRefusal(given: text, detail: "a path without control characters")
        }
        return text
    }

    static func endpoint(_ text: String) throws(SettingRefusal) -> HostPort {
        guard let endpoint = HostPort(text) else {
            throw SettingRefusal(given: text, detail: "HOST:PORT or [IPv6]:PORT, port 0 to 65535")
        }
        return endpoint
    }

    static func capacity(_ text: String) throws(SettingRefusal) -> ByteCount {
        guard let capacity = ByteCount(text) else {
            throw SettingRefusal(
                given: text,
                detail: "a whole number with a unit of B, KiB, MiB, GiB or TiB, such as 800GiB"
            )
        }
        guard capacity >= smallestDisk, capacity <= largestDisk else {
            throw SettingRefusal(
                given: text,
                detail: "a capacity of \(smallestDisk) to \(largestDisk)"
            )
        }
        return capacity
    }

    // MARK: - Parts of lists

    private static func parts(of text: String) -> [String] {
        text.isEmpty
            ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    private static func disk(_ text: String) throws(SettingRefusal) -> WorkerSettings.CacheDisk {
        guard let equals = text.lastIndex(of: "=") else {
            throw SettingRefusal(given: text, detail: "PATH=CAPACITY[,…], such as /nvme0=800GiB")
        }
        return WorkerSettings.CacheDisk(
            path: try path(String(text[..<equals])),
            capacity: try capacity(String(text[text.index(after: equals)...]))
        )
    }

    private static func credential(
        _ text: String
    ) throws(SettingRefusal) -> WorkerSettings.LocalCredential {
        guard let equals = text.firstIndex(of: "=") else {
            throw SettingRefusal(given: text, detail: "NAME=FILE[,…]")
        }
        return WorkerSettings.LocalCredential(
            name: try identifier(String(text[..<equals])),
            file: try path(String(text[text.index(after: equals)...]))
        )
    }
}
