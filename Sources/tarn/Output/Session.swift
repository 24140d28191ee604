// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// What a verb works with: the cluster on one side, the person or script on the other.
struct Session: Sendable {
    let client: ClusterClient
    let format: OutputFormat
    let style: Style
    let isQuiet: Bool
    let answersYes: Bool

    init(
        _ connection: ConnectionOptions,
        _ output: OutputFormat
    ) throws(CommandFailure) {
        client = ClusterClient(
            addresses: try connection.addresses(),
            timeout: connection.timeout
        )
        format = output
        style = Style(noColor: connection.noColor)
        isQuiet = connection.quiet
        answersYes = connection.yes
    }

    /// Prints the document as it came, or a table of it.
    func show(_ bytes: [UInt8], table: () -> TextTable) throws(CommandFailure) {
        switch format {
        case .json: try Terminal.write(bytes.last == 0x0A ? bytes : bytes + [0x0A])
        case .table: try Terminal.write(table().text(style))
        }
    }

    /// Prints a list as one array, or a table of it.
    func show(_ items: [JSONValue], table: () -> TextTable) throws(CommandFailure) {
        try show(try ClusterClient.encode(items), table: table)
    }

    /// Prints the answer to a write: the document, or a sentence that `-q` leaves out.
    func confirm(_ bytes: [UInt8], _ sentence: String) throws(CommandFailure) {
        switch format {
        case .json: try Terminal.write(bytes.last == 0x0A ? bytes : bytes + [0x0A])
        case .table: if !isQuiet { try Terminal.write(sentence + "\n") }
        }
    }

    /// Says on standard error what goes on.
    func remark(_ text: String) {
        if !isQuiet { Terminal.writeError(text + "\n") }
    }

    /// Asks whether what was said is to happen.
    ///
    /// - Throws: ``CommandFailure/usage(_:)`` without a terminal, and when the answer is not yes.
    func confirm(_ consequence: String) throws(CommandFailure) {
        guard !answersYes else { return remark(consequence) }
        guard Terminal.isInputTerminal else {
            throw .usage("\(consequence) Nothing done: give --yes, there is no terminal to ask on")
        }
        Terminal.writeError("\(consequence)\nGo on? [y/N] ")
        guard ["y", "yes"].contains(readLine(strippingNewline: true)?.lowercased()) else {
            throw .local("not confirmed; nothing done")
        }
    }

    /// Asks for the object's name before something is lost for good.
    ///
    /// - Throws: ``CommandFailure/usage(_:)`` without a terminal, and when the answer is another.
    func confirmByName(_ consequence: String, name: String) throws(CommandFailure) {
        guard !answersYes else { return }
        guard Terminal.isInputTerminal else {
            throw .usage("\(consequence) Nothing done: give --yes, there is no terminal to ask on")
        }
        Terminal.writeError("\(consequence)\nType '\(TextTable.shown(name))' to go on: ")
        guard readLine(strippingNewline: true) == name else {
            throw .local("another name was typed; nothing done")
        }
    }
}

/// A verb that asks the cluster; what it throws is printed and decides the exit status.
protocol ClusterVerb: AsyncParsableCommand, FormattedCommand {
    var connection: ConnectionOptions { get }
    func run(_ session: Session) async throws(CommandFailure)
}

extension ClusterVerb {
    func run() async throws {
        let session = try Session(connection, format)
        do {
            try await run(session)
        } catch {
            await session.client.shutdown()
            throw error
        }
        await session.client.shutdown()
    }
}
