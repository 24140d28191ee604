// SPDX-License-Identifier: Apache-2.0

extension S3Credentials {
    /// Bytes of the longest field of a credential that the cluster keeps.
    package static let longestField = 4096

    private static let names = (
        access: "accessKeyId", secret: "secretAccessKey", token: "sessionToken"
    )

    /// The fields that ``fields`` gives; others are read over, so that a newer release may add some.
    ///
    /// - Returns: `nil` where one of the two keys is missing or a field is longer than
    ///   ``longestField``.
    package init?(_ value: CredentialValue) {
        func field(_ name: String) -> String? {
            value.fields.first { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
        }
        guard let access = field(Self.names.access), let secret = field(Self.names.secret),
            value.fields.allSatisfy({ $0.value.utf8.count <= Self.longestField })
        else { return nil }
        self.init(
            accessKey: Secret(access),
            secretKey: Secret(secret),
            sessionToken: field(Self.names.token).map(Secret.init)
        )
    }

    /// What a credentials file holds: AWS's ini form, section `[default]`, or a JSON object.
    ///
    /// - Returns: `nil` where one of the two keys is missing.
    package init?(file: [UInt8]) {
        guard file.count <= CredentialFile.sizeLimit,
            let found = CredentialFile.parse(file, profile: "default")
        else { return nil }
        self = found
    }

    /// The fields as they are closed and sent: names and values, for nothing else.
    package var value: CredentialValue {
        let token = sessionToken.map { [(name: Self.names.token, value: $0.revealed)] } ?? []
        return CredentialValue(
            [
                (name: Self.names.access, value: accessKey.revealed),
                (name: Self.names.secret, value: secretKey.revealed),
            ] + token
        )
    }
}
