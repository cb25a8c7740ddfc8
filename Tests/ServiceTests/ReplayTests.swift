import Collecting
import Foundation
import Profiles
import Service
import Statistics
import Tables
import TestSupport
import Testing
import Vocabulary

/// Goal: what the service holds of a log is what the log says. Method: the log goes through the command's own path, in many chunks, and
/// the sums in the database are compared with those of the whole file, made at once.
@Suite("Every log replays into the profiles of its rows", .service { $0.roles = [.collect] })
struct ReplayTests {
    struct Log: Sendable, CustomTestStringConvertible {
        var name: String
        /// Nil: the first half of the log itself.
        var reference: String?
        var mapping = TableMapping(id: "request_id", timestamp: "timestamp", label: "label", score: "score", prediction: "prediction")
        var ignored: Set<String> = ["label_time", "part"]
        var task = ModelTask.binary
        var positive = "1"
        var testDescription: String { name }
    }

    static let logs: [Log] = [
        Log(name: "compas.csv", mapping: mapping(sensitive: ["sex", "race"])), Log(name: "elec2_log.csv"), Log(name: "titanic.csv"),
        Log(name: "elec2_stream.csv", mapping: TableMapping(label: "label", score: "static_score")),
        Log(name: "car_loan_analysis.csv", reference: "car_loan_reference.csv"),
        Log(name: "law_school.csv", mapping: mapping(sensitive: ["race", "male"])), Log(name: "breast_cancer.csv"),
        Log(
            name: "card_offer_analysis.csv", reference: "card_offer_reference.csv",
            mapping: TableMapping(
                id: "request_id", timestamp: "timestamp", label: "label", score: "score_prepaid_card", prediction: "prediction"),
            positive: "prepaid_card"),
        Log(name: "used_car_analysis.csv", reference: "used_car_reference.csv", mapping: regression, task: .regression),
        Log(name: "diabetes.csv", mapping: regression, task: .regression),
    ]

    private static let regression = TableMapping(id: "request_id", timestamp: "timestamp", label: "label", prediction: "prediction")
    private static func mapping(sensitive: [String]) -> TableMapping {
        TableMapping(
            id: "request_id", timestamp: "timestamp", label: "label", score: "score", prediction: "prediction", sensitive: sensitive)
    }

    @Test("replay", .enabled(if: SharedFiles.isPresent), arguments: logs)
    func replay(log: Log) async throws {
        let bytes = try SharedFiles.bytes("data/\(log.name)")
        let reference = try log.reference.map { try SharedFiles.bytes("data/\($0)") } ?? firstHalf(bytes)
        try await replay(log, bytes, reference)
    }

    @Test("a small log of our own, with texts in quotes and cells that are missing")
    func own() async throws {
        var text = "request_id,timestamp,amount,city,sex,score,label\n"
        for i in 0..<500 {
            let time = Timestamp(seconds: 1_770_000_000 + Int64(i / 7) * 60)
            text +=
                "r\(i),\(time),\(i % 11 == 0 ? "" : String(i * 37 % 500)),"
            text += "\"c \(i % 6), \(i % 2 == 0 ? "\"\"x\"\"" : "y")\",\(["F", "M", ""][i % 3])"
            text += ",0.\(i * 7 % 90 + 10),\(i % 4 == 0 ? "" : String(i % 2))\n"
        }
        var log = Log(name: "own.csv", mapping: Self.mapping(sensitive: ["sex"]))
        log.mapping.prediction = nil
        try await replay(log, Array(text.utf8), firstHalf(Array(text.utf8)))
    }

    /// A row every half an hour makes a profile each, and minutes of a test: longer logs are replayed into one minute, unless
    /// `EVENKEEL_REPLAY=full` is set.
    private static let timedRowsMax = 8_000
    private static let isFull = ProcessInfo.processInfo.environment["EVENKEEL_REPLAY"] == "full"

    private func firstHalf(_ bytes: [UInt8]) -> [UInt8] {
        let half = bytes[..<(bytes.count / 2)]
        return Array(half[...(half.lastIndex(of: 10) ?? 0)])
    }

    private func replay(_ log: Log, _ bytes: [UInt8], _ reference: [UInt8]) async throws {
        var log = log
        if bytes.filter({ $0 == 10 }).count > Self.timedRowsMax, !Self.isFull { log.mapping.timestamp = nil }
        let bench = try FileIngestBench(RunningService.current)
        let table = try Table(bytes, file: log.name)
        var settings = try await bench.register(
            "replay-" + log.name.prefix { $0 != "." }, try Table(reference, file: "reference.csv"), log.mapping,
            ignoring: log.ignored.intersection(table.names),
            task: log.task, positive: log.positive)
        // Event times half an hour apart make a profile a row: a chunk holds a day of them.
        settings.chunks.rowsMax = 3_000
        let path = bench.path(log.name)
        try Data(bytes).write(to: URL(filePath: path))
        let result = try await bench.engine.fileIngest(settings).run([path])
        #expect(result.rows == Int64(table.rowCount) && result.accepted == result.rows && result.rejected == 0)
        let expected = try await bench.profile(of: table, settings)
        let stored = try await bench.profile(settings.version)
        // Taken out of the macro, which would print both profiles whole.
        let isSame = stored.encoded() == expected.encoded()
        #expect(
            isSame, "\(log.name): \(stored.rows) rows and \(stored.labelled) labels, expected \(expected.rows) and \(expected.labelled)")
    }
}
