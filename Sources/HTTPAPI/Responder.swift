// SPDX-License-Identifier: Apache-2.0
import APIModel
import ClientRuntime
import CatalogCore
import Coordination
import Logging
import NIOHTTP1
import Primitives
import Telemetry

/// Turns one request into one answer, and keeps the books about it.
package struct Responder: Sendable {
    private let dependencies: HTTPDependencies
    private let limits: HTTPLimits
    private let signal: ShutdownSignal
    private let budget: ReadAheadBudget
    private let watchLines = SharedWatchLines()
    private let router: Router

    package init(dependencies: HTTPDependencies, limits: HTTPLimits, signal: ShutdownSignal) {
        self.dependencies = dependencies
        self.limits = limits
        self.signal = signal
        budget = ReadAheadBudget(bytes: limits.readAheadBytes)
        router = Router(routes: RouteTable.routes(version: dependencies.version))
    }

    /// Label of requests that belong to no route.
    private static let noRoute = "none"

    /// The answer, and the pattern of the route that gave it.
    ///
    /// Never throws: whatever goes wrong before the answer begins is an answer itself.
    package func respond(to request: APIRequest) async -> (APIResponse, route: String) {
        var pattern = Self.noRoute
        let seen = SeenState()
        var isWrite = ![.GET, .HEAD, .OPTIONS].contains(request.method)
        do throws(Problem) {
            let target = try RequestTarget(request.rawTarget)
            let (route, captures) = try router.match(target)
            pattern = route.pattern
            guard let operation = route.operation(for: request.method) else {
                throw Self.methodNotAllowed(request.method, on: route)
            }
            isWrite = operation.isWrite
            if operation.availability == .afterInit { try requireCluster() }
            let call = Call(
                request: request,
                query: try QueryParameters(raw: target.rawQuery, allowed: operation.queryNames),
                captures: captures,
                dependencies: dependencies,
                limits: limits,
                signal: signal,
                budget: budget,
                watchLines: watchLines,
                seen: seen
            )
            let answer = try await operation.work.perform { () async throws(Problem) in
                try await operation.handler(call)
            }
            return (answer, pattern)
        } catch {
            let problem = isWrite ? error.ofWrite : error.ofRead
            let view = seen.view ?? dependencies.coordination.view()
            let answer = problem.response(to: request.id)
                .describing(view, region: dependencies.region)
            return (answer, pattern)
        }
    }

    /// Whether a request may be answered on the loop that consensus runs on.
    ///
    /// What is refused before any work is as brief as can be. A local read asks consensus nothing: there
    /// it would share one core with it, elsewhere all of them.
    @Sendable func isNear(_ head: HTTPRequestHead) -> Bool {
        guard let target = try? RequestTarget(head.uri), let (route, _) = try? router.match(target),
            let operation = route.operation(for: head.method)
        else { return true }
        return operation.work != .long && !target.asksLocally
    }

    private func requireCluster() throws(Problem) {
        guard !dependencies.coordination.isFormed else { return }
        throw Problem(.notInitialised)
    }

    private static func methodNotAllowed(_ method: HTTPMethod, on route: Route) -> Problem {
        let allowed = route.allowedMethods.joined(separator: ", ")
        return Problem(
            .methodNotAllowed,
            "\(method.rawValue.prefix(20)) is not for \(route.pattern); allowed: \(allowed)",
            headers: ["Allow": allowed]
        )
    }

    // MARK: - Books

    /// Counts and logs an answer that was sent whole.
    func record(
        _ request: APIRequest,
        route: String,
        status: HTTPResponseStatus,
        since start: ContinuousClock.Instant
    ) {
        count(route: route, status: Int(status.code))
        dependencies.logger.log(
            level: Self.level(of: request.method, status),
            "HTTP request answered",
            metadata: facts(
                request,
                route,
                status,
                ["duration_ms": "\((ContinuousClock.now - start) / .milliseconds(1))"]
            )
        )
    }

    /// Counts and logs an answer that broke off.
    ///
    /// A reader that went away is everyday life; a source that failed midway is not.
    func recordCut(
        _ request: APIRequest,
        route: String,
        status: HTTPResponseStatus,
        error: any Error
    ) {
        count(route: route, status: Int(status.code))
        dependencies.logger.log(
            level: error is FileError ? .warning : .debug,
            "HTTP answer broke off",
            metadata: facts(request, route, status, ["error": "\(error)"])
        )
    }

    /// Counts and logs what was refused before it was a request.
    @Sendable func recordRefusal(_ problem: Problem, requestID: String) {
        count(route: Self.noRoute, status: problem.document.status)
        dependencies.logger.debug(
            "HTTP connection refused",
            metadata: [
                "request.id": "\(requestID)",
                "http.status": "\(problem.document.status)",
                "reason": "\(problem.document.detail)",
            ]
        )
    }

    /// Changes that took effect are worth a line, and so are failures that nothing else logs; 503 is
    /// the state of the cluster, which coordination reports once.
    private static func level(of method: HTTPMethod, _ status: HTTPResponseStatus) -> Logger.Level {
        switch status.code {
        case 503: .debug
        case 500...: .warning
        case ..<300 where ![.GET, .HEAD].contains(method): .info
        default: .debug
        }
    }

    private func count(route: String, status: Int) {
        dependencies.metrics.counter(.httpRequests, route, String(status)).add()
    }

    /// No targets and no bodies: they hold keys, and log lines go further than answers.
    private func facts(
        _ request: APIRequest,
        _ route: String,
        _ status: HTTPResponseStatus,
        _ more: Logger.Metadata
    ) -> Logger.Metadata {
        let common: Logger.Metadata = [
            "request.id": "\(request.id)",
            "http.method": "\(request.method.rawValue.prefix(20))",
            "http.route": "\(route)",
            "http.status": "\(status.code)",
        ]
        return common.merging(more) { first, _ in first }
    }
}
