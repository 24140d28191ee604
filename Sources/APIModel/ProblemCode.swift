// SPDX-License-Identifier: Apache-2.0

/// Every `code` that an error answer of the API can carry.
///
/// Those of the product, and behind them the few that HTTP itself needs. Raw values are the
/// stable surface: none is ever renamed.
package enum ProblemCode: String, CaseIterable, Codable, Sendable {
    case badPath = "bad-path"
    case unknownScheme = "unknown-scheme"
    case unknownOption = "unknown-option"
    case badValue = "bad-value"
    /// 401 here; an answer to a known caller without the right carries 403 instead.
    case notAuthorised = "not-authorised"
    case notFound = "not-found"
    case mountExists = "mount-exists"
    case bucketNameTaken = "bucket-name-taken"
    /// The reason is in `detail`: doing it would lose data or the quorum.
    case unsafeRequest = "unsafe"
    case compacted
    case revisionMismatch = "revision-mismatch"
    case idempotencyKeyReused = "idempotency-key-reused"
    case unknownCredential = "unknown-credential"
    case overloaded
    case noLeader = "no-leader"
    case notInitialised = "not-initialised"
    case behind
    case outcomeUnknown = "outcome-unknown"
    case noQuorum = "no-quorum"
    case timeout

    // Where the table is silent:
    case methodNotAllowed = "method-not-allowed"
    case tooLarge = "too-large"
    case rangeNotSatisfiable = "range-not-satisfiable"
    /// The origin refused or could not be reached; `detail` carries its own error code.
    case originFailed = "origin-failed"
    /// The version that was being read exists nowhere any more.
    case versionVanished = "version-vanished"
    /// A defect of this program; the log has the rest.
    case internalError = "internal"
}

extension ProblemCode {
    /// Status of the answer.
    package var httpStatus: Int { row.status }

    /// What the CLI exits with.
    package var exitCode: Int32 { row.exit }

    /// The constant `title` of the problem document.
    package var title: String { row.title }

    private var row: (status: Int, exit: Int32, title: String) {
        switch self {
        case .badPath: (400, 64, "Bad path")
        case .unknownScheme: (400, 64, "Unknown scheme")
        case .unknownOption: (400, 64, "Unknown option")
        case .badValue: (400, 64, "Bad value")
        case .notAuthorised: (401, 9, "Not authorised")
        case .notFound: (404, 3, "Not found")
        case .mountExists: (409, 1, "Mount exists")
        case .bucketNameTaken: (409, 1, "Bucket name taken")
        case .unsafeRequest: (409, 4, "Unsafe")
        case .compacted: (410, 1, "Compacted")
        case .revisionMismatch: (412, 1, "Revision mismatch")
        case .idempotencyKeyReused: (422, 1, "Idempotency key reused")
        case .unknownCredential: (422, 1, "Unknown credential")
        case .overloaded: (429, 1, "Overloaded")
        case .noLeader: (503, 1, "No leader")
        case .notInitialised: (503, 1, "Not initialised")
        case .behind: (503, 1, "Behind")
        case .outcomeUnknown: (503, 1, "Outcome unknown")
        case .noQuorum: (503, 5, "No quorum")
        case .timeout: (504, 7, "Timed out")
        case .methodNotAllowed: (405, 64, "Method not allowed")
        case .tooLarge: (413, 64, "Too large")
        case .rangeNotSatisfiable: (416, 1, "Range not satisfiable")
        case .originFailed: (502, 1, "Origin failed")
        case .versionVanished: (502, 1, "Version vanished")
        case .internalError: (500, 1, "Internal error")
        }
    }
}
