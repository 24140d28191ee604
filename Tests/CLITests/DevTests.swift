// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

import tarn

@Suite struct DevTests {
    /// The first worker's port is taken: it does not start, and only the reason is left of it.
    @Test func afterAFailureOnlyTheLogsStay() async throws {
        let directory = try scratchDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let squatter = try await FakeWorker { _, _ in .problem(404, "not-found") }
        let ran = try await tarn(
            ["dev", "--workers", "1", "--base-port", "\(squatter.port)"],
            environment: ["TMPDIR": directory.path]
        )
        #expect(ran.status == 1 && ran.output.isEmpty, "\(ran.error)")
        let left = try FileManager.default.subpathsOfDirectory(atPath: directory.path)
        let logs = left.filter { $0.hasSuffix("/log") }
        #expect(logs.count == 1 && left.count == 3, "\(left)")  // tarn-dev-…/w1/log
        #expect(ran.error.contains("the logs are kept below \(directory.path)/tarn-dev-"))
        await squatter.stop()
    }
}
