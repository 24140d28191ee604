// SPDX-License-Identifier: Apache-2.0

import APIModel
import ArgumentParser
import Foundation
import Origins

/// Where `credential put` takes the value from; nothing of the value is ever quoted.
struct CredentialInput: ParsableArguments {
    /// The variables of AWS's own tools, and the field that each is.
    private static let variables = [
        (name: "AWS_ACCESS_KEY_ID", field: "accessKeyId"),
        (name: "AWS_SECRET_ACCESS_KEY", field: "secretAccessKey"),
        (name: "AWS_SESSION_TOKEN", field: "sessionToken"),
    ]
    /// Bytes of a file that are read.
    private static let longestFile = 65_536

    @Option(
        help: ArgumentHelp(
            "File in AWS's ini form, or a JSON object; - for standard input.",
            valueName: "file"
        )
    )
    var fromFile: String?

    @Option(
        name: .customLong("from-env"),
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "AWS's variables, each with its value, or alone to take it from this environment.",
            valueName: "variable[=value]"
        )
    )
    var fromEnvironment: [String] = []

    func validate() throws {
        guard (fromFile == nil) != fromEnvironment.isEmpty else {
            throw ValidationError("give either '--from-file' or '--from-env'.")
        }
        for text in fromEnvironment { _ = try Self.variable(text) }
    }

    /// What was given.
    ///
    /// - Throws: ``CommandFailure/usage(_:)`` naming what is missing.
    func read() throws(CommandFailure) -> CredentialRequest {
        let found = fromFile.map(Self.credentials(inFile:)) ?? credentialsFromEnvironment()
        guard let fields = try found.get()?.value.fields else {
            throw .usage(
                "an access key and a secret key are needed, each at most "
                    + "\(S3Credentials.longestField) bytes",
                next: "tarn credential put --help"
            )
        }
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        return CredentialRequest(
            accessKeyId: field("accessKeyId") ?? "",
            secretAccessKey: field("secretAccessKey") ?? "",
            sessionToken: field("sessionToken")
        )
    }

    private func credentialsFromEnvironment() -> Result<S3Credentials?, CommandFailure> {
        var fields: [(name: String, value: String)] = []
        for text in fromEnvironment {
            guard let (field, given) = try? Self.variable(text) else { continue }
            let value = given ?? ProcessInfo.processInfo.environment[text]
            guard let value else { return .failure(.usage("\(text) is not in the environment")) }
            fields.append((field, value))
        }
        return .success(S3Credentials(CredentialValue(fields)))
    }

    private static func credentials(
        inFile path: String
    ) -> Result<S3Credentials?, CommandFailure> {
        let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        // An empty file reads as nothing, not as empty.
        guard let content = try? handle?.read(upToCount: longestFile + 1) ?? Data(), handle != nil
        else { return .failure(.usage("\(path) cannot be read")) }
        guard content.count <= longestFile else {
            return .failure(.usage("\(path) is longer than \(longestFile) bytes"))
        }
        return .success(S3Credentials(file: Array(content)))
    }

    private static func variable(_ text: String) throws -> (field: String, value: String?) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let known = variables.first(where: { $0.name == parts[0] }) else {
            let names = variables.map(\.name).joined(separator: ", ")
            throw ValidationError("'--from-env' must be of \(names).")
        }
        return (known.field, parts.count == 2 ? String(parts[1]) : nil)
    }
}
