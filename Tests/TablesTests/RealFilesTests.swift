import Tables
import TestSupport
import Testing

/// Goal: the reader takes real logs whole. Method: row and column counts as ../shared/data/SOURCES.md states them.
@Suite("Real files are read whole", .enabled(if: SharedFiles.isPresent))
struct RealFilesTests {
    @Test(
        "rows and columns are as many as the source says",
        arguments: [
            ("compas", 7214, 21), ("elec2_log", 20000, 14), ("elec2_stream", 45312, 7), ("car_loan_reference", 10000, 13),
            ("car_loan_analysis", 10000, 13), ("card_offer_reference", 10000, 15), ("card_offer_analysis", 10000, 15),
            ("used_car_reference", 10000, 12), ("used_car_analysis", 10000, 12), ("car_loan_label_events", 10059, 3),
            ("breast_cancer", 569, 36), ("diabetes", 442, 15), ("law_school", 20798, 17), ("titanic", 1309, 15),
        ])
    func counts(name: String, rows: Int, columns: Int) throws {
        let log = try CSVTable(try SharedFiles.bytes("data/\(name).csv"), file: "\(name).csv")
        #expect(log.rowCount == rows)
        #expect(log.names.count == columns)
        #expect(log.columns.count == columns)
        #expect(log.columns.allSatisfy { $0.count == rows })
    }

    @Test("the columns of a real log have the kinds that a reader would give them")
    func kinds() throws {
        let log = try CSVTable(try SharedFiles.bytes("data/car_loan_reference.csv"), file: "car_loan_reference.csv")
        let kinds = Dictionary(uniqueKeysWithValues: zip(log.names, log.columns.map(inferKind)))
        #expect(kinds["timestamp"] == .timestamp)
        #expect(kinds["label_time"] == .timestamp)
        #expect(kinds["car_value"] == .numeric)
        #expect(kinds["score"] == .numeric)
        #expect(kinds["salary_range"] == .categorical)
        #expect(kinds["size_of_downpayment"] == .categorical)
        #expect(Set(try log.requiredColumn("request_id")).count == log.rowCount)
    }

    @Test("the Titanic's missing values are missing")
    func titanic() throws {
        let log = try CSVTable(try SharedFiles.bytes("data/titanic.csv"), file: "titanic.csv")
        // 263 of 1309 ages are not known, two ports of embarkation and one fare.
        #expect(try log.requiredColumn("age").count { $0 == nil } == 263)
        #expect(try log.requiredColumn("embarked").count { $0 == nil } == 2)
        #expect(try log.numbers("fare").count(where: \.isNaN) == 1)
        #expect(try log.numbers("age").filter { !$0.isNaN }.max() == 80)
    }
}
