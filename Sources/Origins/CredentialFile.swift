// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Access key and secret from a file: AWS's ini form, or a JSON object.
///
///     [default]                                    {"accessKeyId": "…",
///     aws_access_key_id = …                         "secretAccessKey": "…",
///     aws_secret_access_key = …                     "sessionToken": "…"}
///     aws_session_token = …
///
/// Names are compared without case, `_`, `-` and a leading `aws`. Errors never quote the content.
enum CredentialFile {
    /// Bytes of a credentials file that are read.
    static let sizeLimit = 65_536

    /// `nil` where the profile or one of its two keys is missing.
    ///
    /// `profile` is a section of an ini file; a file without sections serves every profile.
    static func parse(_ bytes: [UInt8], profile: String) -> S3Credentials? {
        let text = String(decoding: bytes, as: UTF8.self)
        let isJSON = text.first { !$0.isWhitespace } == "{"
        let fields = isJSON ? json(bytes) : ini(text, profile: profile)

        guard let access = fields["accesskeyid"] ?? fields["accesskey"], !access.isEmpty,
            let secret = fields["secretaccesskey"] ?? fields["secretkey"], !secret.isEmpty
        else { return nil }
        let token = fields["sessiontoken"] ?? ""
        return S3Credentials(
            accessKey: Secret(access),
            secretKey: Secret(secret),
            sessionToken: token.isEmpty ? nil : Secret(token)
        )
    }

    private static func json(_ bytes: [UInt8]) -> [String: String] {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)),
            let members = object as? [String: Any]
        else { return [:] }
        var fields: [String: String] = [:]
        for (name, value) in members { fields[plain(name)] = value as? String }
        return fields
    }

    private static func ini(_ text: String, profile: String) -> [String: String] {
        var fields: [String: String] = [:]
        var isOurs = true  // Until the first section: a bare list of keys is for everybody.
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                let name = line.dropFirst().dropLast().trimmingCharacters(in: .whitespaces)
                isOurs = name == profile || name == "profile \(profile)"
            } else if isOurs, let equals = line.firstIndex(of: "=") {
                let value = line[line.index(after: equals)...]
                fields[plain(String(line[..<equals]))] =
                    value.trimmingCharacters(in: .whitespaces)
            }
        }
        return fields
    }

    private static func plain(_ name: String) -> String {
        let letters = String(name.lowercased().filter { $0.isLetter })
        return letters.hasPrefix("aws") ? String(letters.dropFirst(3)) : letters
    }
}
