import Foundation
import Service
import Testing
import Vocabulary

@Suite("Private values in a running service") struct PrivacyRouteTests {
    private static let spec = """
        score: score
        sensitive: {city: {privacy: hash}}
        features: {ssn: {privacy: hash}, age: {privacy: bucket, edges: [30, 50]}, name: {privacy: drop}}
        """

    private static func body(_ index: Int) -> String {
        #"{"model":"loan","version":"1","id":"r\#(index)","score":0.5,"features":{"income":\#(index),"ssn":"clearssn\#(index % 3)","#
            + #""age":41.0625,"name":"clearname","purpose":"visiblelevel"},"groups":{"city":"clearcity"}}"#
    }

    /// Whether any file below the folder holds these bytes.
    private func holds(_ text: String, _ folder: URL) -> Bool { holds(Data(text.utf8), folder) }

    private func holds(_ needle: Data, _ folder: URL) -> Bool {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            if let data = try? Data(contentsOf: file, options: .alwaysMapped), data.range(of: needle) != nil { return true }
        }
        return false
    }

    @Test("no clear value is in any file of the database; the reference is transformed, and what is bad is refused") func disk()
        async throws
    {
        let service = try await RunningService.start { $0.limits.privacyKey = PrivacyKey(Secret("a key of at least sixteen bytes")) }
        let folder = try #require(service.engine.cluster?.folder)
        do {
            let rows = (0..<60).map { "\($0),clearssn\($0 % 3),\(25 + $0 % 30).0625,clearname,visiblelevel,clearcity,0.5" }
            let table = "income,ssn,age,name,purpose,city,score\n" + rows.joined(separator: "\n") + "\n"
            let spec = try #require(Self.spec.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let registered = try await service.post("/v1/models/loan/versions/1?spec=\(spec)", table, type: "text/csv")
            #expect(registered.status == 201, "\(registered.text.prefix(300))")
            let answer = try await service.post("/v1/predictions", "[" + (0..<50).map(Self.body).joined(separator: ",") + "]")
            #expect(answer.status == 202 && answer.json["accepted"]?.intValue == 50, "\(answer.text.prefix(300))")
            // What is not private is found, so the search would find the rest.
            #expect(holds("visiblelevel", folder) && holds("[30, 50)", folder))
            for clear in ["clearssn", "clearname", "clearcity", "41.0625"] { #expect(!holds(clear, folder), "\(clear)") }
            let number = (0..<8).map { UInt8(truncatingIfNeeded: (41.0625).bitPattern >> (8 * UInt64($0))) }
            #expect(!holds(Data(number), folder) && !holds(Data(number.reversed()), folder))
            let schema = try await service.get("/v1/models/loan/versions/1").text
            #expect(schema.contains("hash") && schema.contains("bucket") && schema.contains("dropped"))
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }
}
