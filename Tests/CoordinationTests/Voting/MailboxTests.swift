// SPDX-License-Identifier: Apache-2.0
import Coordination
import Foundation
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct MailboxTests {
    @Test func anOfferOverTheBoundIsRefusedADeliveryIsNot() {
        let mailbox = Mailbox<Int>(limit: 2)
        #expect(mailbox.offer(1))
        #expect(mailbox.offer(2))
        #expect(!mailbox.offer(3))
        mailbox.deliver(4)
        #expect(mailbox.takeAll(waitingAtMostMS: 1000) == [1, 2, 4])
        #expect(mailbox.takeAll(waitingAtMostMS: 0).isEmpty)
    }

    @Test func bytesAreBoundedToo() {
        let mailbox = Mailbox<Int>(limit: 9, byteLimit: 10) { $0 }
        #expect(mailbox.offer(11), "alone it may be of any size")
        #expect(!mailbox.offer(1))
        #expect(mailbox.offer(0))
        mailbox.deliver(5)
        #expect(mailbox.takeAll(waitingAtMostMS: 1000) == [11, 0, 5])
        #expect(mailbox.offer(6) && mailbox.offer(4))
        #expect(!mailbox.offer(1))
    }

    @Test func nothingGoesIntoAClosedOne() {
        let mailbox = Mailbox<Int>(limit: 2)
        #expect(mailbox.offer(1))
        mailbox.close()
        #expect(!mailbox.offer(2))
        mailbox.deliver(3)
        #expect(mailbox.isClosed)
        #expect(mailbox.takeAll(waitingAtMostMS: 1000) == [1])
    }

    /// Goal: what four threads put in comes out once, each thread's in order, without a lost wake-up.
    @Test func fourThreadsLoseNothing() {
        let mailbox = Mailbox<(thread: Int, number: Int)>(limit: .max)
        let count = 5000
        for thread in 0..<4 {
            Thread.detachNewThread {
                for number in 0..<count { _ = mailbox.offer((thread, number)) }
            }
        }
        var next = [0, 0, 0, 0]
        var emptyTurns = 0
        while next != [count, count, count, count], emptyTurns < 50 {
            let taken = mailbox.takeAll(waitingAtMostMS: 500)
            if taken.isEmpty { emptyTurns += 1 }
            for (thread, number) in taken {
                #expect(number == next[thread])
                next[thread] = number + 1
            }
        }
        #expect(next == [count, count, count, count])
    }

    /// Goal: a wait of an hour ends when something comes or the mailbox closes.
    @Test func aWaitEndsWithTheFirstElement() {
        let mailbox = Mailbox<Int>(limit: 8)
        Thread.detachNewThread { mailbox.deliver(1) }
        #expect(mailbox.takeAll(waitingAtMostMS: 3_600_000) == [1])
        Thread.detachNewThread { mailbox.close() }
        #expect(mailbox.takeAll(waitingAtMostMS: 3_600_000).isEmpty)
    }
}
