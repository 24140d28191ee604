// SPDX-License-Identifier: Apache-2.0
import Crypto
package import Primitives

/// A credential's value, closed: nobody without the key reads it, and nobody changes it or passes it
/// off as another's.
///
/// ```
///   format (1) │ nonce (12) │ AES-256-GCM of the value │ tag (16)
///   bound to it: format, cluster (16), key id (8), the credential's name
/// ```
///
/// - Source: NIST SP 800-38D; a random nonce of 96 bits is good for 2³² seals of one key (§8.3).
package enum CredentialSeal {
    /// Newest format of what is closed: its first byte.
    package static let formatVersion: UInt8 = 1
    /// Bytes around the value.
    package static let overhead = 1 + nonceByteCount + tagByteCount

    private static let nonceByteCount = 12
    private static let tagByteCount = 16

    /// Closes `value` under a fresh random nonce.
    package static func seal(
        _ value: [UInt8],
        named name: String,
        of cluster: ClusterID,
        with key: CredentialKey
    ) -> [UInt8] {
        let box: AES.GCM.SealedBox
        do {
            box = try AES.GCM.seal(
                value,
                using: key.sealing,
                authenticating: bound(to: name, of: cluster, with: key)
            )
        } catch {
            // Neither the length of the key nor that of the nonce can be wrong here.
            preconditionFailure("AES-256-GCM refuses to seal \(value.count) bytes: \(error)")
        }
        return [formatVersion] + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// What ``seal(_:named:of:with:)`` closed.
    ///
    /// - Returns: `nil` where a byte of it, the name, the cluster or the key is another.
    package static func open(
        _ closed: [UInt8],
        named name: String,
        of cluster: ClusterID,
        with key: CredentialKey
    ) -> [UInt8]? {
        guard closed.count >= overhead, closed[0] == formatVersion else { return nil }
        let (nonceEnd, tagStart) = (1 + nonceByteCount, closed.count - tagByteCount)
        guard let nonce = try? AES.GCM.Nonce(data: closed[1..<nonceEnd]),
            let box = try? AES.GCM.SealedBox(
                nonce: nonce,
                ciphertext: closed[nonceEnd..<tagStart],
                tag: closed[tagStart...]
            ),
            let value = try? AES.GCM.open(
                box,
                using: key.sealing,
                authenticating: bound(to: name, of: cluster, with: key)
            )
        else { return nil }
        return Array(value)
    }

    private static func bound(
        to name: String,
        of cluster: ClusterID,
        with key: CredentialKey
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: "tarn credential".utf8)
        writer.write(formatVersion)
        writer.write(cluster.rawValue)
        writer.write(key.id.rawValue)
        writer.write(name)
        return writer.bytes
    }
}
