// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// What tests with a real S3 server share.
enum S3 {
    /// Credentials of the workers; nothing else of this machine's AWS settings.
    static let environment = [
        "AWS_ACCESS_KEY_ID": S3Server.accessKey, "AWS_SECRET_ACCESS_KEY": S3Server.secretKey,
        "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    ]

    static func mount(_ path: String, bucket: String, _ server: S3Server) -> [String] {
        [
            "mount", "add", path, "s3://\(bucket)", "--option", "endpoint=\(server.endpoint)",
            "--option", "path-style=true", "--option", "region=us-east-1",
        ]
    }

    /// GETs of objects in the server's own log.
    static func loggedGets(_ server: S3Server) -> Int {
        let log = server.log
        switch server.kind {
        case .rclone: return log.count(of: "serve s3: GET OBJECT Bucket: ")
        case .moto:
            // Listings have a query, objects none. Before GET stands a quote, or a colour.
            return log.split(separator: "\n").count { line in
                line.contains("GET /lake/") && !line.contains("?")
            }
        }
    }

    /// Percent-encodes every byte that is not unreserved, slashes aside.
    static func encoded(_ key: String) -> String {
        key.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            let isPlain = byte < 128 && (character.isLetter || character.isNumber)
            return isPlain || "-._~/".contains(character)
                ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
