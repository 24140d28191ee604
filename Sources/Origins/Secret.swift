// SPDX-License-Identifier: Apache-2.0

/// A value that never shows: printing, interpolating, dumping or reflecting it gives `***`.
package struct Secret: Hashable, Sendable {
    /// The value itself, for signing and nothing else.
    package let revealed: String

    package init(_ value: String) { revealed = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }

    package var debugDescription: String { "***" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What signs a request.
package struct S3Credentials: Hashable, Sendable {
    /// Not secret, but shown nowhere all the same.
    package let accessKey: Secret
    package let secretKey: Secret
    /// Present for temporary credentials.
    package let sessionToken: Secret?
    /// Seconds since 1970 after which the store refuses them; `nil`: never.
    package let expiresUnixSeconds: Int64?

    package init(
        accessKey: Secret,
        secretKey: Secret,
        sessionToken: Secret? = nil,
        expiresUnixSeconds: Int64? = nil
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expiresUnixSeconds = expiresUnixSeconds
    }
}
