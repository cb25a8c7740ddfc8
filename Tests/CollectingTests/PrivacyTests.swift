import Tables
import TestSupport
import Testing
import Vocabulary

@testable import Collecting

@Suite("Private values are gone before a batch is made, whatever way they come")
struct PrivacyTests {
    private static let key = PrivacyKey(Secret("a key of at least sixteen bytes"))
    private static let schema: FeatureSchema = {
        var schema = FeatureSchema(
            features: [
                Feature(name: "income", kind: .numeric), Feature(name: "ssn", kind: .categorical, privacy: .hash),
                Feature(name: "age", kind: .categorical, privacy: .bucket([20, 30.5, 40])),
            ], sensitive: ["sex", "born"])
        schema.sensitivePrivacy = ["sex": .hash, "born": .bucket([1980, 2000])]
        schema.dropped = ["name"]
        schema.keyFingerprint = key?.fingerprint
        return schema
    }()
    private static let version = Bench.version("loan", "1", 7, schema)
    private static func decoder(_ key: PrivacyKey? = key) -> PredictionDecoder {
        var limits = CollectorLimits()
        limits.privacyKey = key
        return PredictionDecoder(limits: limits, now: Bench.now)
    }

    /// What the general reader and the quick one make of the same lines.
    private func read(_ lines: [String], key: PrivacyKey? = key) throws -> [PredictionReader.Batches] {
        let body = Array(lines.joined(separator: "\n").utf8)
        let decoder = Self.decoder(key)
        let request = try RequestBody(body, isLines: true, limits: decoder.limits)
        let general = decoder.decode(request, versions: [Self.version.key: Self.version])
        var versions = PredictionReader.Versions()
        versions.known[Self.version.key] = .some(Self.version)
        guard case .batches(let batches, let rejections) = try PredictionReader(body, isLines: true, decoder: decoder).read(versions) else {
            Issue.record("the version is known")
            return []
        }
        return [general, (batches, rejections)]
    }

    private static func line(_ features: String, _ groups: String, id: String = "a") -> String {
        #"{"model":"loan","version":"1","id":"\#(id)","features":{\#(features)},"groups":{\#(groups)}}"#
    }

    private func levels(_ column: Column) -> [String?] {
        guard case .categorical(let levels) = column else { return [] }
        return levels.codes.indices.map { levels[$0] }
    }

    @Test("both readers give the same hashes and intervals, and drop what is dropped") func readers() throws {
        let lines = [
            Self.line(#""income":1,"ssn":"078-05-1120","age":37,"name":"Ada""#, #""sex":"f","born":1984"#, id: "a"),
            Self.line(#""income":2,"ssn":"078-05-1120","age":19.9,"name":null"#, #""sex":"m","born":"2001""#, id: "b"),
            Self.line(#""ssn":null,"age":null,"name":["any",{"thing":1}]"#, #""name":"in the groups""#, id: "c"),
            Self.line(#""ssn":"","age":40"#, #""born":1970.5"#, id: "d"),
        ]
        for (batches, rejections) in try read(lines) {
            #expect(rejections.isEmpty)
            let batch = try #require(batches.first?.batch)
            #expect(batch.count == 4 && batch.features.count == 3 && batch.groups.count == 2)
            let hashes = levels(batch.features[1])
            #expect(hashes[0]?.utf8.count == 16 && hashes[0] == hashes[1] && hashes[2] == nil && hashes[3] == nil)
            #expect(hashes[0] == Privacy.hash.level(of: "078-05-1120", name: "ssn", key: Self.key))
            #expect(levels(batch.features[2]) == ["[30.5, 40)", "< 20", nil, ">= 40"])
            #expect(levels(.categorical(batch.groups[1])) == ["[1980, 2000)", ">= 2000", nil, "< 1980"])
            #expect(!"\(batch)".contains("078-05") && !"\(batch)".contains("Ada") && !"\(batch)".contains("1984"))
            // Neither does what is written to the spool hold them.
            let write = PredictionWrite(version: Self.version, batch: batch, key: nil)
            let spooled = String(decoding: SpooledWrite.predictions(SpooledPredictions(write)).encoded(), as: UTF8.self)
            #expect(spooled.contains("[30.5, 40)") && !spooled.contains("078-05") && !spooled.contains("Ada"))
        }
        let both = try read(lines).map(\.batches[0].batch)
        #expect(both[0].features[1] == both[1].features[1] && both[0].features[2] == both[1].features[2])
        #expect(both[0].groups == both[1].groups)
    }

    @Test("a value of the wrong kind is refused without being said") func rejections() throws {
        let lines = [
            Self.line(#""age":"secret 37""#, "", id: "a"), Self.line("", #""born":"secret 1984""#, id: "b"),
            Self.line(#""ssn":{"secret":1}"#, "", id: "c"),
        ]
        for (_, rejections) in try read(lines) {
            #expect(rejections.map(\.index) == [0, 1, 2])
            for rejection in rejections { #expect(rejection.error.contains("expected") && !rejection.error.contains("secret")) }
        }
    }

    @Test("a file gives what requests give, and its errors do not say the value") func files() throws {
        let text = "income,ssn,age,sex,born,name\n1,078-05-1120,37,f,1984,Ada\n2,,,m,,Bob\n"
        let batch = try TableMapping().batch(
            try CSVTable(Array(text.utf8), file: "f"), schema: Self.schema, fallbackTime: Bench.now, key: Self.key)
        let same = try read([
            Self.line(#""income":1,"ssn":"078-05-1120","age":37"#, #""sex":"f","born":1984"#, id: "a"),
            Self.line(#""income":2"#, #""sex":"m""#, id: "b"),
        ])[1].batches[0].batch
        #expect(batch.features == same.features && batch.groups == same.groups)
        let bad = try CSVTable(Array(text.replacing("37", with: "secret").utf8), file: "f")
        #expect(throws: TableError(file: "f", line: 2, column: 3, message: "a text in age, expected a number")) {
            try TableMapping().batch(bad, schema: Self.schema, fallbackTime: Bench.now, key: Self.key)
        }
    }

    @Test("another key or another column gives another hash; without a key there is none, and requests are refused") func keys()
        async throws
    {
        let line = Self.line(#""ssn":"078-05-1120""#, "")
        let other = PrivacyKey(Secret("another key of sixteen bytes"))
        let hash = levels(try read([line])[0].batches[0].batch.features[1])
        #expect(levels(try read([line], key: other)[0].batches[0].batch.features[1]) != hash)
        #expect(Privacy.hash.level(of: "x", name: "a", key: Self.key) != Privacy.hash.level(of: "x", name: "b", key: Self.key))
        for (batches, _) in try read([line], key: nil) { #expect(levels(batches[0].batch.features[1]) == [nil]) }
        #expect(PrivacyKey(Secret("short")) == nil)
        #expect(throws: PrivacyKeyError(Self.version.key, .missing)) { try CollectorLimits().requireKey(of: Self.version) }
        #expect(throws: PrivacyKeyError(Self.version.key, .other)) { try Self.decoder(other).limits.requireKey(of: Self.version) }
        #expect(throws: Never.self) { try Self.decoder().limits.requireKey(of: Self.version) }
        #expect(!"\(String(describing: Self.key))".contains("sixteen"))
    }

    @Test("a number is in the interval whose lower edge it reaches")
    func edges() {
        let privacy = Privacy.bucket([-1, 0, 30.5])
        let expected: [(Double, String?)] = [
            (-1.5, "< -1"), (-1, "[-1, 0)"), ((-1.0).nextDown, "< -1"), (-0.0, "[0, 30.5)"), (30.4, "[0, 30.5)"), (30.5, ">= 30.5"),
            (.infinity, ">= 30.5"), (-.infinity, "< -1"), (.nan, nil),
        ]
        for (number, interval) in expected { #expect(privacy.interval(of: number) == interval, "\(number)") }
    }

    @Test("a file needs the key, and names for its rows that are not made of private cells") func ingest() throws {
        var settings = IngestSettings(version: Self.version)
        #expect(settings.problems() == [PrivacyKeyError(Self.version.key, .missing).description])
        settings.limits.privacyKey = PrivacyKey(Secret("another key of sixteen bytes"))
        #expect(settings.problems() == [PrivacyKeyError(Self.version.key, .other).description])
        settings.limits.privacyKey = Self.key
        #expect(settings.problems().isEmpty)
        let header = (bytes: Array("income,ssn,age,sex,born,name\n".utf8), lines: 1)
        let error = #expect(throws: TableError.self) { try ChunkDecoder(settings, file: "f", form: .csv, header: header) }
        #expect(error?.message.hasPrefix("--id: missing") == true)
        settings.mapping.id = "income"
        #expect(try ChunkDecoder(settings, file: "f", form: .csv, header: header).unknown.isEmpty)
    }

    @Test("bad rows are set aside as places, not as they stand", arguments: ["log.csv", "log.jsonl"]) func setAside(file: String)
        async throws
    {
        let bench = try IngestBench()
        bench.settings = IngestSettings(version: Self.version)
        bench.settings.limits.privacyKey = Self.key
        bench.settings.mapping.id = "id"
        bench.settings.maxErrors = 2
        let csv = "id,income,ssn,age,sex,born,name\na,1,078-05-1120,37,f,1984,Ada\nb,2,078-05-1121,Ada,m,1990,Ada\nc,3,078-05-1122,1\n"
        let rows = [Self.line(#""ssn":"078-05-1120""#, ""), "", Self.line(#""age":"Ada""#, ""), #"{"ssn":"078-05-1121", Ada}"#]
        let result = try await bench.take(file == "log.csv" ? csv : rows.joined(separator: "\n"), as: file)
        #expect(result.accepted == 1 && result.rejected == 2)
        let places = try bench.text(file + ".rejected").replacing(bench.folder.path + "/", with: "").split(separator: "\n")
        #expect(places.map { $0.prefix(file.utf8.count + 3) } == ["\(file):3:", "\(file):4:"])
        for text in places.map(String.init) + bench.notes { #expect(!text.contains("078-05") && !text.contains("Ada")) }
    }

    @Test("a schema is read as it was written, and one of before has nothing private") func coding() throws {
        #expect(FeatureSchema(json: Self.schema.json) == Self.schema)
        let old = #"{"task":"binary","threshold":0.5,"features":[{"name":"age","kind":"numeric"}]}"#
        let schema = try #require(FeatureSchema(json: try JSON.parse(old)))
        #expect(!schema.isPrivate && !schema.needsPrivacyKey && Self.schema.isPrivate)
        for bad in [#""salt""#, #"{"bucket":[]}"#, #"{"bucket":[2,1]}"#, #"{"bucket":["a"]}"#] {
            let text = #"{"task":"binary","threshold":0.5,"features":[{"name":"a","kind":"categorical","privacy":\#(bad)}]}"#
            #expect(FeatureSchema(json: try JSON.parse(text)) == nil)
        }
    }
}
