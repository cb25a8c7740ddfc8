internal import Foundation

/// Records that travel in one request.
struct Batch: Sendable {
    /// The body: one record a line. It never changes once the batch was sent.
    var body: [UInt8] = []
    var ids: [String] = []
    /// Where each line ends.
    var ends: [Int] = []
    /// When its first record came.
    var since: Duration
    /// The same for every attempt, so that the service knows a batch that it has.
    let key = UUID().uuidString

    func json(_ index: Int) -> String {
        let start = index == 0 ? 0 : ends[index - 1]
        return String(decoding: body[start..<(ends[index] - 1)], as: UTF8.self)
    }
}

/// Decides what is taken, what shares a request, and when it is due. The lane acts.
struct BatchQueue {
    enum Action {
        case send(Batch)
        /// Nothing is due: look again after this time, or when something happened.
        case wait(Duration?)
        case stop
    }

    let limits: ClientLimits
    /// In order. The last one takes more records, unless it is on its way.
    private(set) var batches: [Batch] = []
    private(set) var counts = EvenkeelClient.Counts()
    private(set) var isClosed = false
    private var bytes = 0
    private var isSending = false
    /// Records that were queued when `flush` was called last: these do not wait for others.
    private var flushed = 0

    /// Records that left the queue, in the order in which they came.
    var settled: Int { counts.queued - counts.waiting }

    init(limits: ClientLimits) { self.limits = limits }

    func hasRoom(for line: [UInt8]) -> Bool {
        !isClosed && counts.waiting < limits.queueRecordsMax && bytes + line.count <= limits.queueBytesMax
    }

    /// Whether the record could ever be taken.
    func fits(_ line: [UInt8]) -> Bool { !isClosed && line.count <= limits.queueBytesMax }

    mutating func drop() { counts.dropped += 1 }

    /// The caller has asked `hasRoom`.
    mutating func append(id: String, line: [UInt8], at now: Duration) {
        let isLastTaken = batches.isEmpty || (batches.count == 1 && isSending)
        if isLastTaken || isFull(batches[batches.count - 1], with: line.count) { batches.append(Batch(since: now)) }
        let last = batches.count - 1
        batches[last].body += line
        batches[last].ids.append(id)
        batches[last].ends.append(batches[last].body.count)
        bytes += line.count
        counts.queued += 1
        counts.waiting += 1
    }

    /// Whether the sender would do something else now than before the last record came.
    var isNews: Bool { !isSending && (counts.waiting == 1 || batches.count > 1 || batches.first.map { isFull($0, with: 1) } == true) }

    private func isFull(_ batch: Batch, with bytes: Int) -> Bool {
        batch.ids.count >= limits.batchRecordsMax || batch.body.count + bytes > limits.batchBytesMax
    }

    mutating func next(at now: Duration) -> Action {
        guard let first = batches.first else { return isClosed ? .stop : .wait(nil) }
        let age = now - first.since
        guard isClosed || batches.count > 1 || flushed > settled || isFull(first, with: 1) || age >= limits.batchDelayMax else {
            return .wait(limits.batchDelayMax - age)
        }
        isSending = true
        return .send(first)
    }

    mutating func flush() { flushed = counts.queued }

    mutating func close() { isClosed = true }

    mutating func retried() { counts.retried += 1 }

    /// Takes the first batch out; the rest of its records was acknowledged.
    mutating func settle(rejected: Int = 0, failed: Int = 0) {
        let batch = batches.removeFirst()
        isSending = false
        bytes -= batch.body.count
        counts.waiting -= batch.ids.count
        counts.rejected += rejected
        counts.failed += failed
        counts.sent += batch.ids.count - rejected - failed
    }
}
