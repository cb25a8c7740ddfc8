import Foundation
import Testing

@testable import EvenkeelClient

/// What is taken, what shares a request, and when it is due.
@Suite("The client's queue") struct BatchQueueTests {
    static let line = Array("{\"id\":\"x\"}\n".utf8)

    static func queue(_ change: (inout ClientLimits) -> Void) -> BatchQueue {
        var limits = ClientLimits()
        change(&limits)
        return BatchQueue(limits: limits)
    }

    static func fill(_ queue: inout BatchQueue, _ count: Int, at now: Duration = .zero) -> Int {
        (0..<count).count { index in
            guard queue.hasRoom(for: line) else { return false }
            queue.append(id: "\(index)", line: line, at: now)
            return true
        }
    }

    static func sent(_ action: BatchQueue.Action) -> Batch? {
        if case .send(let batch) = action { batch } else { nil }
    }

    @Test("a batch is due when it holds enough records") func count() {
        var queue = Self.queue { $0.batchRecordsMax = 3 }
        #expect(Self.fill(&queue, 2) == 2)
        #expect(Self.sent(queue.next(at: .zero)) == nil)
        #expect(Self.fill(&queue, 3) == 3)
        #expect(Self.sent(queue.next(at: .zero))?.ids == ["0", "1", "0"])
    }

    @Test("a batch never has more bytes than allowed") func bytes() {
        var queue = Self.queue { $0.batchBytesMax = Self.line.count * 2 + 1 }
        #expect(Self.fill(&queue, 5) == 5)
        #expect(queue.batches.map(\.ids.count) == [2, 2, 1])
        #expect(queue.batches.map(\.body.count) == [22, 22, 11])
    }

    @Test("a record that is larger than a batch travels alone") func large() {
        var queue = Self.queue { $0.batchBytesMax = 4 }
        #expect(Self.fill(&queue, 2) == 2)
        #expect(Self.sent(queue.next(at: .zero))?.ids == ["0"])
    }

    @Test("a batch is due when its first record has waited long enough, and the rest of the wait is told") func delay() {
        var queue = Self.queue { $0.batchDelayMax = .seconds(2) }
        _ = Self.fill(&queue, 1, at: .seconds(10))
        _ = Self.fill(&queue, 1, at: .milliseconds(11_500))
        guard case .wait(let rest) = queue.next(at: .milliseconds(11_500)) else {
            Issue.record("it was due too early")
            return
        }
        #expect(rest == .milliseconds(500))
        #expect(Self.sent(queue.next(at: .seconds(12)))?.ids.count == 2)
    }

    @Test("flush and close make a batch due") func due() {
        var queue = Self.queue { _ in }
        _ = Self.fill(&queue, 1)
        queue.flush()
        #expect(Self.sent(queue.next(at: .zero)) != nil)
        queue.settle()
        _ = Self.fill(&queue, 1)
        #expect(Self.sent(queue.next(at: .zero)) == nil)
        queue.close()
        #expect(Self.sent(queue.next(at: .zero)) != nil)
        queue.settle()
        guard case .stop = queue.next(at: .zero) else {
            Issue.record("it did not stop")
            return
        }
    }

    @Test("a batch that is on its way takes no more records, and counts until it is settled") func sending() {
        var queue = Self.queue { $0.queueRecordsMax = 3 }
        _ = Self.fill(&queue, 2)
        queue.flush()
        let batch = Self.sent(queue.next(at: .zero))
        #expect(Self.fill(&queue, 5) == 1)
        #expect(Self.sent(queue.next(at: .zero))?.body == batch?.body)
        queue.settle(rejected: 1)
        #expect(queue.counts == .init(queued: 3, waiting: 1, sent: 1, rejected: 1))
        #expect(Self.fill(&queue, 5) == 2)
    }

    @Test("the queue is bounded in bytes too") func queueBytes() {
        var queue = Self.queue { $0.queueBytesMax = Self.line.count * 4 }
        #expect(Self.fill(&queue, 9) == 4)
        #expect(!queue.fits(Array(repeating: 0, count: Self.line.count * 4 + 1)))
    }

    @Test("each batch has a key of its own") func keys() {
        var queue = Self.queue { $0.batchRecordsMax = 1 }
        _ = Self.fill(&queue, 50)
        #expect(Set(queue.batches.map(\.key)).count == 50)
    }

    @Test("a rejected record is found in its batch by its place") func place() {
        var queue = Self.queue { _ in }
        for id in ["a", "b", "c"] { queue.append(id: id, line: Array("{\"id\":\"\(id)\"}\n".utf8), at: .zero) }
        #expect((0..<3).map { queue.batches[0].json($0) } == ["{\"id\":\"a\"}", "{\"id\":\"b\"}", "{\"id\":\"c\"}"])
    }
}
