// SPDX-License-Identifier: Apache-2.0
package import NIOHTTP1

/// One method of one route: how it is described, and what it does.
package struct Operation: Sendable {
    typealias Handler = @Sendable (Call) async throws(Problem) -> APIResponse

    /// Who may be asked before the cluster is formed.
    enum Availability: Sendable { case always, afterInit }

    /// How much a call computes, which decides where.
    enum Work: Sendable {
        /// Microseconds between two waits: on the connection's own event loop.
        case brief
        /// Everything else, lists and files among it: on the shared pool.
        case long
        /// Begins on the shared pool, and is brief each time it goes on: a watch.
        case trickle

        func perform<Answer: Sendable, Failure: Error>(
            _ body: @Sendable () async throws(Failure) -> Answer
        ) async throws(Failure) -> Answer {
            switch self {
            case .brief: try await body()
            case .long, .trickle:
                try await withTaskExecutorPreference(globalConcurrentExecutor, operation: body)
            }
        }
    }

    /// What a caller may pass beside the body.
    package struct Parameter: Sendable {
        package enum Place: String, Sendable { case query, path, header }

        package let name: String
        package let place: Place
        package let isRequired: Bool
        /// `string` or `integer`.
        package let type: String
        package let summary: String
    }

    /// One status a caller must expect.
    package struct Answer: Sendable {
        package let status: Int
        package let summary: String
        package let mediaType: String
        /// Name of a schema; `nil` for what is not JSON.
        package let schema: String?
    }

    package let method: HTTPMethod
    package let id: String
    package let summary: String
    let availability: Availability
    let work: Work
    package let parameters: [Parameter]
    /// Name of the schema of the body; `nil` where none is read.
    package let requestSchema: String?
    package let answers: [Answer]
    let handler: Handler

    init(
        _ method: HTTPMethod,
        _ id: String,
        _ summary: String,
        availability: Availability = .afterInit,
        work: Work = .long,
        parameters: [Parameter] = [],
        requestSchema: String? = nil,
        answers: [Answer],
        handler: @escaping Handler
    ) {
        self.method = method
        self.id = id
        self.summary = summary
        self.availability = availability
        self.work = work
        self.parameters = parameters
        self.requestSchema = requestSchema
        self.answers = answers
        self.handler = handler
    }

    /// A failed write says whether it may still take effect.
    var isWrite: Bool { method != .GET }

    var queryNames: [String] { parameters.filter { $0.place == .query }.map(\.name) }
}

extension Operation.Parameter {
    static func query(
        _ name: String,
        _ summary: String,
        type: String = "string",
        required: Presence = .optional
    ) -> Self {
        Self(
            name: name,
            place: .query,
            isRequired: required == .mandatory,
            type: type,
            summary: summary
        )
    }

    static func path(_ name: String, _ summary: String) -> Self {
        Self(name: name, place: .path, isRequired: true, type: "string", summary: summary)
    }

    static func header(_ name: String, _ summary: String, type: String = "string") -> Self {
        Self(name: name, place: .header, isRequired: false, type: type, summary: summary)
    }

    enum Presence { case optional, mandatory }
}

extension Operation.Answer {
    static func json(_ schema: String, _ summary: String, status: Int = 200) -> Self {
        Self(status: status, summary: summary, mediaType: "application/json", schema: schema)
    }

    static func other(_ mediaType: String, _ summary: String, status: Int = 200) -> Self {
        Self(status: status, summary: summary, mediaType: mediaType, schema: nil)
    }
}
