// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension LabTests {
    /// Goal: who follows `Docs/operations/lab.md` word by word gets what it promises.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct PageTests {
        /// All its commands, one after the other, in one shell that stops at the first that fails.
        @Test func everyCommandOfThePageRuns() async throws {
            let page = Lab.text("\(Lab.repository)/Docs/operations/lab.md")
            let blocks = page.matches(of: #/(?ms)^```sh\n(.*?)^```/#).map { String($0.1) }
            #expect(blocks.count > 4)
            let script = "cd '\(Lab.repository)'\n" + blocks.joined()
            let lab = try Lab()
            let process = try ChildProcess(
                "/bin/bash",
                ["-euxc", script],
                environment: lab.environment,
                logPath: "\(lab.scratch)/page",
                tie: .toThisProcess
            )
            let status = try? await process.waitForExit(within: .seconds(240))
            let said = process.output
            process.end()
            if status != 0 { _ = try? await lab.run(["down"]) }
            #expect(status == 0, "\(said)")
            #expect(Leftovers.of(lab).isEmpty)
        }
    }
}
