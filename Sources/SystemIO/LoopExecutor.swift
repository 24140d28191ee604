// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// Runs tasks on one event loop: a request that is answered from memory never leaves the thread that
/// read it.
///
/// A task on the shared pool costs each request two wake-ups of other threads, more than the answer
/// itself. The price: what runs here must neither block nor compute for long, or every connection of
/// the loop waits.
package final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    package init(_ loop: any EventLoop) { self.loop = loop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute {
            // Safe because the reference is used during this call alone, which holds `self`.
            unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }
}

/// One executor for each loop, kept as long as the server.
package struct LoopExecutors: Sendable {
    private let executors: [ObjectIdentifier: LoopExecutor]

    package init(_ loops: [any EventLoop]) {
        executors = Dictionary(
            loops.map { (ObjectIdentifier($0), LoopExecutor($0)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// `nil` for another loop: its tasks run on the shared pool.
    package func executor(of loop: any EventLoop) -> LoopExecutor? {
        executors[ObjectIdentifier(loop)]
    }
}
