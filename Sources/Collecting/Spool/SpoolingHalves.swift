public import Vocabulary

/// The table where halves of inferences wait, with the spool for when the database is away: a half that is spooled waits there, and finds
/// its other one, wherever that went, when it is replayed.
public struct SpoolingHalves: HalfSink {
    private let live: any HalfSink
    private let sink: SpoolingSink

    public init(live: any HalfSink, sink: SpoolingSink) {
        self.live = live
        self.sink = sink
    }

    public func store(halves writes: [HalfWrite]) async throws -> [HalfReceipt] {
        let (live, metrics) = (live, sink.metrics)
        return try await sink.store(
            writes, { try await live.store(halves: $0) },
            late: { _, receipt in if case .joined(let write, let stored) = receipt { metrics.countStored(write, stored) } },
            spooling: { (.half(SpooledHalf($0)), .waiting) })
    }
}
