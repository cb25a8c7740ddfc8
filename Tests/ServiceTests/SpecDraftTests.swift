import Collecting
import Service
import Tables
import Testing
import Vocabulary

@Suite("A first spec is read off a reference")
struct SpecDraftTests {
    private func table(_ text: String) throws -> CSVTable { try CSVTable(Array(text.utf8), file: "ref.csv") }
    private func draft(_ text: String, _ mapping: TableMapping = TableMapping()) throws -> String {
        try SpecDraft(try table(text), mapping: mapping, command: "evenkeel model register").text
    }
    private let reference =
        "Request-ID,ts,income,home,Sex,p,y,notes\n"
        + (0..<200).map {
            "r\($0),2026-01-01T00:00:0\($0 % 10)Z,\(1000 + $0),\($0 % 3 == 0 ? "" : "rent, \"\"x"),\($0 % 2 == 0 ? "f" : "m"),0.\(100 + $0),\($0 % 2),word\($0)"
        }
        .map { $0.replacing("rent, \"\"x", with: "\"rent, x\"") }.joined(separator: "\n") + "\n"

    @Test("roles are guessed and marked, kinds are described, what cannot be watched is left out") func guesses() throws {
        let text = try draft(reference)
        for line in [
            "id: \"Request-ID\"  # guessed by its name", "timestamp: ts  # guessed by its name", "label: \"y\"  # guessed by its name",
            "score: p  # guessed by its name", "# prediction:  # none found: name the column if there is one", "task: binary",
            "sensitive: [Sex]  # guessed by their names", "  income: numeric  # 1000 to 1199",
            "  home: categorical  # 1 level: \"rent, x\" 66.5 %, 33.5 % missing", "  - notes  # nearly every value differs",
        ] { #expect(text.split(separator: "\n").contains { $0 == line }, "\(line)\n\(text)") }
    }

    @Test("what the caller names is not guessed") func named() throws {
        let text = try draft(reference, TableMapping(label: "income", sensitive: ["home"]))
        #expect(text.contains("\nlabel: income\n") && text.contains("\nsensitive: [home]\n") && text.contains("\ntask: regression\n"))
        #expect(throws: TableError.self) { try draft(reference, TableMapping(label: "nothing")) }
    }

    @Test("a registration takes it as it is") func roundTrip() throws {
        var registration = Registration(key: ModelVersion(model: "m", version: "1"), mapping: TableMapping())
        try registration.apply(try ModelSpecFile(try draft(reference), file: "spec.yaml"))
        #expect(registration.mapping.id == "Request-ID" && registration.mapping.label == "y" && registration.mapping.sensitive == ["Sex"])
        #expect(registration.declared == ["income": .numeric, "home": .categorical] && registration.ignored == ["notes"])
    }
}
