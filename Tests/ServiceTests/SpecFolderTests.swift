import Alerting
import Collecting
import Foundation
import Tables
import Testing
import Vocabulary

@testable import Service

/// Tests/Specs: good specs, and bad ones with every message they earn in lines that begin with `# expect:`.
@Suite("Specs are checked whole, and every problem is told at once")
struct SpecFolderTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Specs")

    static func files(_ kind: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: kind).path).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    private let destinations = [
        Destination(name: "on-call", url: Secret("https://example.com"), format: .slack),
        Destination(name: "trainer", url: Secret("https://example.com")),
    ]

    private func prepare(_ path: String) throws -> (Registration, Registration.Prepared) {
        let text = try String(contentsOf: Self.folder.appending(path: path), encoding: .utf8)
        let reference = try Data(contentsOf: Self.folder.appending(path: "reference.csv"))
        let file = try ModelSpecFile(text, file: "spec.yaml")
        var registration = Registration(
            key: ModelVersion(model: file.model ?? "m", version: file.version ?? "1"), mapping: TableMapping())
        try registration.apply(file, destinations: destinations)
        return (registration, try registration.prepare(try CSVTable(Array(reference), file: "reference.csv"), at: .earliest))
    }

    @Test("a good spec is taken", arguments: try files("good")) func good(name: String) throws {
        let (_, prepared) = try prepare("good/" + name)
        #expect(!prepared.schema.features.isEmpty || !prepared.columns.isEmpty)
    }

    @Test("a bad one is refused with these messages and no others", arguments: try files("bad")) func bad(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: "bad/" + name), encoding: .utf8)
        let expected = text.split(separator: "\n").compactMap { line in
            line.hasPrefix("# expect: ") ? String(line.dropFirst("# expect: ".count)) : nil
        }
        #expect(!expected.isEmpty)
        do {
            _ = try prepare("bad/" + name)
            Issue.record("taken, expected \(expected)")
        } catch let error as ConfigurationError {
            let told = error.problems.map { $0.replacing(/^(spec.yaml|reference.csv): ?/, with: "") }
            if name == "yaml.yaml" {
                #expect(told.count == 1 && told[0].hasPrefix(expected[0]), "\(told)")
            } else {
                #expect(told.sorted() == expected.sorted(), "\(told.joined(separator: "\n"))")
            }
        }
    }

    @Test("what a spec says of monitors and policies goes over what the service says") func over() throws {
        let (registration, _) = try prepare("good/whole.yaml")
        var configuration = try ServiceConfiguration(yaml: "monitors: {ks_floor: 0.3, psi_floor: 0.3}", file: "e", environment: [:])
        configuration.destinations = destinations
        var version = RegisteredVersion(
            key: registration.key, versionID: 1, streamID: 1, stage: .champion, schema: FeatureSchema(features: []), referenceRows: 1,
            registeredAt: .earliest)
        #expect(configuration.monitors(of: version).psiFloor == 0.3 && configuration.policies(of: version).map(\.name) == ["default"])
        version.watch = registration.watch
        let monitors = configuration.monitors(of: version)
        #expect(monitors.psiFloor == 0.2 && monitors.ksFloor == 0.3 && monitors.rowsMin == 100 && monitors.baseline == .seasonal)
        let policies = configuration.policies(of: version)
        #expect(policies.map(\.name) == ["inputs", "outcomes"] && policies.map(\.window.rawValue) == ["hour", "1d/1h"])
        #expect(policies[0].destinations == ["on-call"] && policies[1].destinations == ["on-call"] && policies[1].retraining == "trainer")
    }
}
