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
        )
    )
    var addr: AddressList?

    @Option(help: ArgumentHelp("Bound on each request.", valueName: "time"))
    var timeout = Timespan.seconds(30)

    @Flag(name: .shortAndLong, help: "Print results and errors only.")
    var quiet = false

    @Flag(help: "No colours (as does the variable NO_COLOR).")
    var noColor = false

    @Flag(help: "Answer questions with yes.")
    var yes = false

    func validate() throws {
        guard timeout.milliseconds > 0, timeout <= .seconds(86_400) else {
            throw ValidationError("'--timeout' must be 1ms to 1d, got \(timeout).")
        }
    }

    /// The addresses by flag, environment and default.
    func addresses(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CommandFailure) -> [HostPort] {
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

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case table, json }

extension Timespan: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
