// SPDX-License-Identifier: Apache-2.0

import ClientRuntime
import FuseMount

extension CommandFailure {
    /// What the command line says of a mount's failure: the one translation.
    init(_ error: FuseMountError) {
        switch error {
        case .unknownOption, .badOptionValue:
            self = .usage("\(error)", next: "tarn fuse mount --help")
        case .missingDirectory, .notADirectory, .alreadyMounted, .unresponsive, .busy,
            .noFuseDevice, .refused, .badStateDirectory, .daemonDied:
            self = .local("\(error)", next: "tarn fuse status")
        case .notMounted:
            self = .notFound("\(error)", next: "tarn fuse status")
        case .noRoot(_, .notFound):
            self = .notFound("\(error)", next: "tarn mount list")
        case .noRoot:
            self = .local("\(error)", next: "tarn mount list")
        case .daemonFailed(let reason, let exitCode):
            self = Self.of(reason, exitCode: exitCode)
        case .daemonTimedOut:
            self = .timedOut("\(error)")
        }
    }

    /// What the serving process said before it ended.
    private static func of(_ reason: String, exitCode: Int32) -> Self {
        switch exitCode {
        case 3: .notFound(reason, next: "tarn mount list")
        case 4: .refused(reason, next: "tarn cluster status")
        case 7: .timedOut(reason)
        case 8: .unreachable([reason])
        case 64: .usage(reason, next: "tarn fuse mount --help")
        default: .local(reason, next: "tarn cluster status")
        }
    }

    /// What the command line says when a process that is no worker finds no cluster.
    init(_ error: RemoteClientError) {
        switch error {
        case .nobodyAnswers(let attempts):
            self = .unreachable(attempts.map { "\($0.address): \($0.why)" })
        case .notInitialised(let address):
            self = .local(
                "the worker at \(address) belongs to no cluster yet",
                next: "tarn cluster init"
            )
        case .unknownRegion(let region, let known):
            self = .usage(
                "no worker is in region '\(region)'; known: \(known.joined(separator: ", "))",
                next: "tarn worker list"
            )
        }
    }
}
