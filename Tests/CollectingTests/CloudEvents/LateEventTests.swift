import Synchronization
import Testing
import Vocabulary

@testable import Collecting

/// Inferences of a week whose raw rows retention has dropped.
@Suite("Events that come too late")
struct LateEventTests {
    private let dropped = DroppedWeeks([DroppedWeeks.start(of: Bench.now)])

    /// Answers that the other half was waiting, and that its week is dropped.
    private struct LateHalves: HalfSink {
        func store(halves: [HalfWrite]) async throws -> [HalfReceipt] {
            halves.map { half in
                var receipt = PredictionReceipt(accepted: 0, duplicates: 0, stored: [])
                receipt.refused = 1
                return .joined(
                    PredictionWrite(version: Bench.credit, batch: PredictionBatch(schema: Bench.credit.schema), key: nil), receipt)
            }
        }
    }

    private func collector(_ sink: MemorySink, knows weeks: @escaping @Sendable () -> DroppedWeeks) -> CloudEventCollector {
        let metrics = MetricRegistry()
        let directory = MemoryDirectory()
        return CloudEventCollector(
            collector: Collector(sink: sink, directory: directory, metrics: metrics, droppedWeeks: weeks, clock: { Bench.now }),
            halves: LateHalves(), directory: directory, metrics: metrics, services: InferenceServices(), clock: { Bench.now })
    }

    private func event(_ side: String, _ data: String) -> String {
        """
        {"specversion":"1.0","type":"org.kubeflow.serving.inference.\(side)","id":"e","source":"/","time":"\(Bench.now)",
        "inferenceservicename":"credit","data":\(data)}
        """
    }
    private var request: String { event("request", #"{"instances":[{"age":37,"purpose":"car","sex":"F"}]}"#) }
    private var response: String { event("response", #"{"predictions":[0.25]}"#) }
    private func collect(_ collector: CloudEventCollector, _ events: [String]) async throws -> CloudEventCollector.Answer {
        try await collector.collect(
            Array("[\(events.joined(separator: ","))]".utf8), contentType: "application/cloudevents-batch+json", headers: [])
    }

    @Test("a request of a dropped week is rejected with the week, whether this collector knew of it or learns it meanwhile")
    func pair() async throws {
        let sink = MemorySink()
        await sink.drop(dropped)
        let known = Mutex(DroppedWeeks())
        let collector = collector(sink) { known.withLock { $0 } }
        await #expect(throws: DroppedMeanwhile.self) { try await collect(collector, [request, response]) }
        known.withLock { $0 = dropped }
        let answer = try await collect(collector, [request])
        #expect(answer.accepted == 0)
        #expect(answer.rejections == [Rejection(index: 0, error: DroppedWeeks.refusal(Bench.now))])
    }

    @Test("a half whose other one waited while the week was dropped is rejected, not taken for stored")
    func waited() async throws {
        let answer = try await collect(collector(MemorySink()) { DroppedWeeks() }, [response])
        #expect(answer.accepted == 0 && answer.rejections.count == 1)
    }
}
