// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Primitives
import Settings

/// Common flags of every verb, accepted before the noun, between noun and verb, or after.
///
/// Declared on root, noun and verb alike: the parser fills the group wherever it meets it first, with
/// the last value on the whole command line.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Workers to ask, tried in turn (env TARN_ADDR, default 127.0.0.1:7400).",
            valueName: "host:port[,…]"
        ),
        transform: { try AddressList(parsing: $0) }
    )
    var addr: AddressList?

    @Option(
        help: ArgumentHelp("Bound on each request (default: 30s).", valueName: "time"),
        transform: Self.bound
    )
    var timeout = Timespan.seconds(30)

    @Option(help: .hidden) var ca: String?
    @Option(help: .hidden) var cert: String?
    @Option(help: .hidden) var key: String?

    @Flag(name: .shortAndLong, help: "Print results and errors only.")
    var quiet = false

    @Flag(help: "No colours (as does the variable NO_COLOR).")
    var noColor = false

    @Flag(help: "Answer questions with yes.")
    var yes = false

    func validate() throws {
        for (flag, value) in [("--ca", ca), ("--cert", cert), ("--key", key)] where value != nil {
            throw ValidationError("'\(flag)': \(Self.noTLS)")
        }
    }

    /// Never plain HTTP for somebody who asks for TLS.
    private static let noTLS = "TLS is not built yet; leave it out to go without"

    @Sendable
    private static func bound(_ text: String) throws -> Timespan {
        guard let time = Timespan(text), time.milliseconds > 0, time <= .seconds(86_400) else {
            throw ValidationError("allowed is 1ms to 1d, a whole number with its unit, such as 30s")
        }
        return time
    }

    /// The addresses by flag, environment and default.
    func addresses(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandFailure) -> [HostPort] {
        for name in ["TARN_CA", "TARN_CERT", "TARN_KEY"] where environment[name]?.isEmpty == false {
            throw .usage("the variable \(name): \(Self.noTLS)")
        }
        if let addr { return addr.addresses }
        guard let text = environment["TARN_ADDR"], !text.isEmpty else {
            return [HostPort(host: "127.0.0.1", port: 7400)]
        }
        do {
            return try AddressList(parsing: text).addresses
        } catch {
            throw .usage("the variable TARN_ADDR: \(error.reason)")
        }
    }
}

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Print a table or one JSON document.", valueName: "table|json")
    )
    var output = OutputFormat.table
}

/// A command that prints in the format it is told, its failures too.
protocol FormattedCommand: ParsableCommand {
    var format: OutputFormat { get }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case table, json }
