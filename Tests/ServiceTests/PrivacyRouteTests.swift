import Foundation
import Service
import Testing
import Vocabulary

@testable import Storage

@Suite("Private values in a running service") struct PrivacyRouteTests {
    private static let key = PrivacyKey(Secret("a key of at least sixteen bytes"))
    private static let spec = """
        score: score
        sensitive: {city: {privacy: hash}}
        features: {ssn: {privacy: hash}, age: {privacy: bucket, edges: [30, 50]}, name: {privacy: drop}}
        """

    private func register(_ model: String, _ spec: String = spec, on service: RunningService) async throws -> RunningService.Answer {
        let rows = (0..<60).map { "\($0),clearssn\($0 % 3),\(25 + $0 % 30).0625,clearname,visiblelevel,clearcity,0.5" }
        let table = "income,ssn,age,name,purpose,city,score\n" + rows.joined(separator: "\n") + "\n"
        let spec = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        return try await service.post("/v1/models/\(model)/versions/1?spec=\(spec)", table, type: "text/csv")
    }

    private static func body(_ index: Int) -> String {
        #"{"model":"loan","version":"1","id":"r\#(index)","score":0.5,"features":{"income":\#(index).1875,"ssn":"clearssn\#(index % 3)","#
            + #""age":41.0625,"name":"clearname","purpose":"visiblelevel"},"groups":{"city":"clearcity"}}"#
    }

    private func sendHalf(_ side: String, _ body: String, to service: RunningService) async throws -> RunningService.Answer {
        let headers = [
            "Ce-Specversion": "1.0", "Ce-Type": "org.kubeflow.serving.inference.\(side)", "Ce-Id": "half", "Ce-Source": "/",
            "Ce-Inferenceservicename": "loan",
        ]
        return try await service.post("/v1/cloudevents", body, headers: headers)
    }
    private let half =
        #"{"instances":[{"income":7,"ssn":"clearssn9","age":41.0625,"name":"clearname","purpose":"waitinglevel","city":"clearcity"}]}"#

    // MARK: Searching files

    /// Whether any file below the folder holds these bytes.
    private func holds(_ needle: Data, _ folder: URL) -> Bool {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            if let data = try? Data(contentsOf: file, options: .alwaysMapped), data.range(of: needle) != nil { return true }
        }
        return false
    }

    /// The private values that a file below the folder holds, as text or as the bytes of a number.
    private func clearValues(in folder: URL) -> [String] {
        let texts = ["clearssn", "clearname", "clearcity", "41.0625"].filter { holds(Data($0.utf8), folder) }
        return texts + (holds(number: 41.0625, folder) ? ["the bytes of 41.0625"] : [])
    }

    private func holds(number: Double, _ folder: URL) -> Bool {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt64($0))) }
        return holds(Data(bytes), folder) || holds(Data(bytes.reversed()), folder)
    }

    private func rows(_ query: String, _ service: RunningService) async throws -> [[String?]] {
        try await service.engine.database.run { connection in
            let rows = try connection.query(query)
            return (0..<rows.count).map { row in (0..<4).map { rows.text(row, $0) } }
        }
    }

    // MARK: Disk

    /// Goal: neither rows, profiles, the reference, a waiting half nor the log of the database hold a clear value. Method: all of its files
    /// are searched, also for what is not private, which must be found.
    @Test("no clear value is in any file of the database, waiting halves included; rows are erased as any") func disk() async throws {
        let service = try await RunningService.start { $0.limits.privacyKey = Self.key }
        let folder = try #require(service.engine.cluster?.folder)
        do {
            let registered = try await register("loan", on: service)
            #expect(registered.status == 201, "\(registered.text.prefix(300))")
            let body = "[" + (0..<50).map(Self.body).joined(separator: ",") + "]"
            for _ in 0..<2 {
                let answer = try await service.post("/v1/predictions", body, headers: ["Idempotency-Key": "once"])
                #expect(answer.status == 202 && answer.json["accepted"]?.intValue == 50, "\(answer.text.prefix(300))")
            }
            #expect(try await sendHalf("request", half, to: service).json["waiting"]?.intValue == 1)
            // What was committed may still be in the server's memory.
            try await service.engine.database.run { _ = try $0.query("checkpoint") }
            for visible in ["visiblelevel", "waitinglevel", "[30, 50)"] { #expect(holds(Data(visible.utf8), folder), "\(visible)") }
            #expect(holds(number: 8.1875, folder))
            #expect(clearValues(in: folder) == [])
            // A digest without a key could be found again by trying likely bodies.
            let digest = Digest.sha256(Array(body.utf8))
            #expect(!holds(Data(digest), folder) && !holds(Data(Digest.hex(digest).utf8), folder))

            #expect(try await sendHalf("response", #"{"predictions":[0.5]}"#, to: service).json["accepted"]?.intValue == 1)
            let stored = try await rows(
                #"select ssn, age, city, purpose from evenkeel."loan 1" group by 1, 2, 3, 4 order by purpose, ssn"#, service)
            #expect(stored.count == 4 && stored.allSatisfy { $0[1] == "[30, 50)" }, "\(stored)")
            #expect(Set(stored.map(\.[0])).count == 4 && Set(stored.map(\.[2])).count == 1)
            for text in stored.flatMap({ [$0[0], $0[2]] }) { #expect(text?.utf8.count == 16 && text?.allSatisfy(\.isHexDigit) == true) }

            let erased = try await service.send("DELETE", "/v1/models/loan/records/r7", nil, [:])
            #expect(erased.status == 200 && erased.json["erased"]?["predictions"]?.intValue == 1, "\(erased.text)")
            #expect(
                try await rows(#"select record_id, 1, 1, 1 from evenkeel."loan 1" where record_id in ('r6', 'r7')"#, service).count == 1)
            let schema = try await service.get("/v1/models/loan/versions/1").text
            #expect(schema.contains("hash") && schema.contains("bucket") && schema.contains("dropped"))
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }

    @Test("with the database away no clear value is in the spool; without the right key records are answered 503 that says so")
    func spoolAndKeys() async throws {
        try await OutsideServer.with { server in
            let first = try await server.service { $0.limits.privacyKey = Self.key }
            #expect(try await register("loan", on: first).status == 201)
            try await server.cluster.stop()
            let sent = try await first.post("/v1/predictions", "[" + (0..<50).map(Self.body).joined(separator: ",") + "]")
            #expect(sent.status == 202, "\(sent.text.prefix(300))")
            for visible in ["visiblelevel", "[30, 50)", "loan"] { #expect(holds(Data(visible.utf8), server.spool), "\(visible)") }
            #expect(holds(number: 8.1875, server.spool))
            #expect(clearValues(in: server.spool) == [])
            await first.stop()

            // The second key is another one; what was spooled is hashed already.
            for key in [nil, PrivacyKey(Secret("another key of sixteen bytes"))] {
                let service = try await server.service { $0.limits.privacyKey = key }
                if key == nil { try await server.cluster.start() }
                try await service.replayed()
                let expected =
                    key == nil
                    ? "EVENKEEL_PRIVACY_KEY: missing, expected the key that loan 1 hashes values with"
                    : "EVENKEEL_PRIVACY_KEY (or privacy.key): another key than loan 1 was registered with"
                for answer in [
                    try await service.post("/v1/predictions", Self.body(99)), try await sendHalf("request", half, to: service),
                ] {
                    #expect(answer.status == 503 && answer.headers["retry-after"] != nil)
                    #expect(answer.json["detail"]?.stringValue?.hasPrefix(expected) == true, "\(answer.text)")
                }
                #expect(try await register("late", on: service).status == (key == nil ? 503 : 201))
                await service.stop()
            }
            let last = try await server.service { $0.limits.privacyKey = Self.key }
            let stored = try await rows(#"select count(*), count(distinct ssn), min(age), count(city) from evenkeel."loan 1""#, last)
            #expect(stored == [["50", "3", "[30, 50)", "50"]])
            #expect(clearValues(in: server.cluster.folder) == [] && clearValues(in: server.spool) == [])
            await last.stop()
        }
    }

    // MARK: Statistics

    @Test("a hashed column drifts and stays calm as the same column in clear does") func drift() async throws {
        let service = try await RunningService.start { $0.limits.privacyKey = Self.key }
        do {
            var results: [[String: JSON]] = []
            for (model, rule) in [("clear", "categorical"), ("hashed", "{privacy: hash}")] {
                let spec = "{id: id, score: score, label: label, sensitive: [sex], features: {purpose: \(rule)}}"
                let query = try #require(spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
                let path = "/v1/models/\(model)/versions/1?spec=\(query)"
                #expect(try await service.post(path, SmallModel.reference(), type: "text/csv").status == 201)
                // At ten o'clock nearly all are new or cars, at eleven all is as in the reference.
                let records = (0..<600).map { i in
                    let purpose = i < 300 ? (i % 5 == 0 ? "boat" : "car") : ["car", "home", "debt"][i % 3]
                    return SmallModel.prediction(
                        model, id: "x\(i)", ts: "2026-01-05T1\(i / 300):00:00Z", income: 1000 + Double(i * 7 % 911)
                    )
                    .replacing(#""purpose":"car""#, with: #""purpose":"\#(purpose)""#)
                }
                let sent = try await service.post("/v1/predictions", records.joined(separator: "\n"), type: "application/x-ndjson")
                #expect(sent.json["accepted"]?.intValue == 600, "\(sent.text.prefix(300))")
                let found = try await service.eventually("/v1/models/\(model)/results?feature=purpose&window=hour") {
                    Set($0.json["results"]?.arrayValue?.compactMap { $0["from"]?.stringValue } ?? []).count == 2
                }
                let items = try #require(found.json["results"]?.arrayValue)
                results.append(
                    Dictionary(items.map { ("\($0["from"]?.text ?? "") \($0["statistic"]?.text ?? "")", $0) }, uniquingKeysWith: { $1 }))
            }
            let (clear, hashed) = (results[0], results[1])
            #expect(clear.count >= 4 && Set(clear.keys) == Set(hashed.keys))
            #expect(Set(clear.values.compactMap { $0["verdict"]?.stringValue }) == ["drifted", "ok"])
            for (name, finding) in clear {
                #expect(hashed[name]?["verdict"] == finding["verdict"], "\(name)")
                for number in ["value", "p_value", "p_adjusted"] {
                    // The sums run over levels in another order.
                    let (a, b) = (finding[number]?.doubleValue ?? -1, hashed[name]?[number]?.doubleValue ?? -1)
                    #expect(abs(a - b) <= 1e-9 * max(1, abs(a)), "\(name) \(number)")
                }
            }
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }

    // MARK: Registration

    @Test("a spec that contradicts itself is refused with a path and what was expected") func contradictions() async throws {
        let service = try await RunningService.start { $0.limits.privacyKey = Self.key }
        for (spec, expected) in [
            (
                "{sensitive: [city], features: {city: {privacy: drop}}}",
                "dropped: city is a feature or a sensitive attribute too, expected a name that is neither"
            ),
            ("{sensitive: {city: {privacy: drop}}}", "sensitive.city.privacy: \"drop\", expected one of hash, bucket"),
            (
                "{sensitive: {city: {privacy: hash}}, features: {city: {privacy: bucket, edges: [1]}}}",
                "features.city.privacy: differs from that under sensitive, expected one rule for a column"
            ),
            ("{features: {age: {privacy: salt}}}", "features.age.privacy: \"salt\", expected one of drop, hash, bucket"),
            ("{features: {age: {privacy: bucket, edges: [2, 1]}}}", "features.age.edges: expected ascending finite numbers"),
            ("{features: {age: {privacy: bucket}}}", "features.age.edges: 0 edges, expected 1 to 100"),
            ("{features: {age: {privacy: hash, edges: [1]}}}", "features.age.edges: stand without privacy: bucket, expected none"),
            (
                "{features: {age: {privacy: hash, kind: numeric}}}",
                "features.age: a kind beside privacy, which decides it, expected one of the two"
            ),
            (
                "{ignore: [age], features: {age: {privacy: drop}}}",
                "ignore: age is private, expected a column that records do not carry"
            ),
            (
                "{score: score, features: {score: {privacy: hash}}}",
                "score: score is private, expected a column that is stored as it is sent"
            ),
            ("{features: {purpose: {privacy: bucket, edges: [1]}}}", "a text in purpose, expected a number"),
            ("{features: {nobody: {privacy: hash}}}", "no column nobody, expected one of"),
        ] {
            let answer = try await register("bad", spec, on: service)
            #expect(answer.status == 400 && answer.json["detail"]?.stringValue?.contains(expected) == true, "\(spec): \(answer.text)")
            #expect(!answer.text.contains("clear") && !answer.text.contains("visible"))
        }
        await service.stop()
    }
}
