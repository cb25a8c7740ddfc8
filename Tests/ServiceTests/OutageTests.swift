import Foundation
import Glibc
import Service
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// A server that a test may stop and start, and a service beside it that is told its address, as with `--database`.
struct OutsideServer {
    let cluster: EmbeddedCluster
    let spool: URL

    init() {
        let name = "/tmp/ek-outside-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))"
        cluster = EmbeddedCluster(folder: URL(filePath: name), syncs: false)
        spool = URL(filePath: name + "-spool")
    }

    func service(_ change: (inout ServiceConfiguration) -> Void = { _ in }) async throws -> RunningService {
        try await RunningService.start { configuration in
            configuration.database = .server(url: cluster.url)
            configuration.spool.folder = spool
            configuration.spool.afterSeconds = 1
            change(&configuration)
        }
    }

    /// Runs `body` with the server started.
    static func with(_ body: (OutsideServer) async throws -> Void) async throws {
        let server = OutsideServer()
        let result: Result<Void, any Error>
        do {
            try await server.cluster.start()
            result = .success(try await body(server))
        } catch { result = .failure(error) }
        try? await server.cluster.stop()
        for folder in [server.cluster.folder, server.spool] { try? FileManager.default.removeItem(at: folder) }
        try result.get()
    }
}

extension RunningService {
    /// Of a model: rows, different record ids, predictions in the profiles, and labelled ones of these.
    func stored(_ model: String) async throws -> [Int64] {
        let version = try #require(try await engine.registry.version(ModelVersion(model: model, version: "1")))
        let counts = try await engine.database.run { connection in
            let rows = try connection.query(
                "select count(*), count(distinct record_id) from evenkeel.prediction where stream_id = $1", [.int(version.streamID)])
            return [rows.int(0, 0) ?? -1, rows.int(0, 1) ?? -1]
        }
        let start = try #require(Timestamp(rfc3339: "2026-01-05T00:00:00Z"))
        let profile = try await engine.profiles.profile(of: version, from: start, to: start.adding(seconds: 86_400))
        return counts + [profile.rows, profile.labelled]
    }

    func send(_ model: String, _ ids: String..., headers: [String: String] = [:]) async throws -> Int {
        let body = "[" + ids.map { SmallModel.prediction(model, id: $0) }.joined(separator: ",") + "]"
        return try await post("/v1/predictions", body, headers: headers).status
    }
    func label(_ model: String, _ id: String, _ label: Int) async throws -> Int {
        try await post("/v1/labels", #"{"model":"\#(model)","id":"\#(id)","label":\#(label),"ts":"2026-01-06T00:00:00Z"}"#).status
    }

    /// Waits until the spool was replayed.
    func replayed() async throws {
        let answer = try await eventually("/metrics") { $0.text.contains("\nevenkeel_ingest_spool_bytes 0\n") }
        #expect(answer.text.contains("\nevenkeel_ingest_spool_bytes 0\n"))
    }
}

@Suite("When the database is away") struct OutageTests {
    @Test("halves of inferences are acknowledged too, and joined when it is back, with those from before") func halves() async throws {
        try await OutsideServer.with { server in
            let service = try await server.service()
            try await SmallModel.register("halved", on: service)
            func event(_ side: String, _ id: String, of model: String = "halved") async throws -> RunningService.Answer {
                let body =
                    side == "request" ? #"{"instances":[{"income":1200,"purpose":"car","sex":"F"}]}"# : #"{"predictions":[[0.25,0.75]]}"#
                return try await service.post(
                    "/v1/cloudevents", body,
                    headers: [
                        "Ce-Specversion": "1.0", "Ce-Type": "org.kubeflow.serving.inference.\(side)", "Ce-Id": id, "Ce-Source": "/",
                        "Ce-Time": "2026-01-05T10:00:00Z", "Ce-Inferenceservicename": model,
                    ])
            }
            #expect(try await event("request", "a").json["waiting"]?.intValue == 1)
            try await server.cluster.stop()
            for (side, id) in [("response", "a"), ("response", "b"), ("request", "b"), ("request", "c")] {
                let answer = try await event(side, id)
                #expect(answer.status == 202 && answer.json["waiting"]?.intValue == 1, "\(side) \(id): \(answer.text)")
            }
            // Whether that one is registered cannot be told now.
            #expect(try await event("request", "d", of: "nobody").status == 503)
            try await server.cluster.start()
            try await service.replayed()
            #expect(try await service.stored("halved") == [2, 2, 2, 0])
            #expect(try await event("response", "c").json["accepted"]?.intValue == 1)
            #expect(try await event("response", "b").json["repeated"]?.intValue == 1)
            await service.stop()
        }
    }

    @Test("records and labels are acknowledged, also by a service that starts meanwhile, and are stored once when it is back")
    func stopped() async throws {
        try await OutsideServer.with { server in
            let first = try await server.service()
            try await SmallModel.register("out", on: first)
            #expect(try await first.send("out", "a", "b") == 202)
            try await server.cluster.stop()
            #expect(try await first.send("out", "b", "c", headers: ["Idempotency-Key": "k"]) == 202)
            #expect(try await first.send("out", "b", "c", headers: ["Idempotency-Key": "k"]) == 202)
            #expect(try await first.label("out", "a", 1) == 202)
            #expect(try await first.label("out", "c", 0) == 202)
            let ready = try await first.get("/readyz")
            #expect(ready.status == 200 && ready.json["status"]?.stringValue == "spooling")
            #expect(try await first.get("/v1/models").status == 503)
            await first.stop()

            let second = try await server.service()
            #expect(try await second.send("out", "c", "d") == 202)
            #expect(try await second.label("out", "c", 1) == 202)
            // What cannot be known is to be sent again.
            let unknown = try await second.post("/v1/predictions", SmallModel.prediction("new", id: "x"))
            #expect(unknown.status == 503 && unknown.headers["retry-after"] != nil)
            #expect(try await second.label("new", "x", 1) == 503)

            try await server.cluster.start()
            try await second.replayed()
            #expect(try await second.stored("out") == [4, 4, 4, 2])
            #expect(try await second.get("/readyz").json["status"]?.stringValue == "ready")
            let metrics = try await second.get("/metrics").text
            // a was there; b and c of the first process are counted by the one that stored them.
            #expect(metrics.contains("evenkeel_predictions_total{model=\"out\",version=\"1\"} 2\n"), "\(metrics)")
            #expect(try await second.send("out", "e") == 202)
            #expect(try await second.stored("out") == [5, 5, 5, 2])
            await second.stop()
        }
    }

    @Test("what was committed before a crash could note it is not stored again: by the group's key, and by ids where groups differ")
    func crashAfterCommit() async throws {
        try await OutsideServer.with { server in
            let first = try await server.service()
            try await SmallModel.register("twice", on: first)
            try await server.cluster.stop()
            for id in ["a", "b", "c"] { #expect(try await first.send("twice", id) == 202) }
            #expect(try await first.label("twice", "b", 1) == 202)
            await first.stop()
            let copy = URL(filePath: server.spool.path + "-copy")
            defer { try? FileManager.default.removeItem(at: copy) }
            try FileManager.default.copyItem(at: server.spool, to: copy)

            try await server.cluster.start()
            let second = try await server.service()
            try await second.replayed()
            #expect(try await second.stored("twice") == [3, 3, 3, 1])
            await second.stop()

            // The spool as it was when the transaction was committed.
            try FileManager.default.removeItem(at: server.spool)
            try FileManager.default.copyItem(at: copy, to: server.spool)
            let third = try await server.service()
            try await third.replayed()
            #expect(try await third.stored("twice") == [3, 3, 3, 1])
            await third.stop()

            // And with one more write, so that the group is another one.
            try FileManager.default.removeItem(at: server.spool)
            try FileManager.default.copyItem(at: copy, to: server.spool)
            try await server.cluster.stop()
            let fourth = try await server.service()
            #expect(try await fourth.send("twice", "d") == 202)
            try await server.cluster.start()
            try await fourth.replayed()
            #expect(try await fourth.stored("twice") == [4, 4, 4, 1])
            await fourth.stop()
        }
    }

    @Test("a full spool is answered 503 with Retry-After, and what was acknowledged before is stored")
    func full() async throws {
        try await OutsideServer.with { server in
            let service = try await server.service { $0.spool.bytesMax = 3000 }
            try await SmallModel.register("full", on: service)
            try await server.cluster.stop()
            var taken: Int64 = 0
            var refusal: RunningService.Answer?
            while refusal == nil, taken < 100 {
                let answer = try await service.post("/v1/predictions", SmallModel.prediction("full", id: "r\(taken)"))
                if answer.status == 202 { taken += 1 } else { refusal = answer }
            }
            #expect(refusal?.status == 503 && refusal?.headers["retry-after"] != nil)
            #expect(taken > 3 && taken < 30)
            try await server.cluster.start()
            try await service.replayed()
            #expect(try await service.stored("full") == [taken, taken, taken, 0])
            await service.stop()
        }
    }

    @Test("without a spool requests get 503 with Retry-After")
    func noSpool() async throws {
        try await OutsideServer.with { server in
            let service = try await server.service { $0.spool.bytesMax = 0 }
            try await SmallModel.register("none", on: service)
            try await server.cluster.stop()
            let answer = try await service.post("/v1/predictions", SmallModel.prediction("none", id: "a"))
            #expect(answer.status == 503 && answer.headers["retry-after"] != nil)
            #expect(try await service.get("/readyz").status == 503)
            await service.stop()
        }
    }

    @Test("a service that knows no versions does not start without its database")
    func unknownDatabase() async throws {
        let server = OutsideServer()
        await #expect(throws: StoreError.self) { try await server.service().stop() }
        try? FileManager.default.removeItem(at: server.spool)
    }

    @Test("an embedded server that is killed again and again loses and doubles nothing")
    func killed() async throws {
        let service = try await RunningService.start()
        do {
            try await SmallModel.register("kill", on: service)
            let folder = try #require(service.engine.cluster?.folder.path)
            func process() -> Int32? {
                let text = try? String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)
                return text?.split(separator: "\n").first.flatMap { Int32($0) }
            }
            let killed = try #require(process())
            #expect(kill(killed, SIGKILL) == 0)
            var sent: Int64 = 0
            let deadline = ContinuousClock.now + patience
            while ContinuousClock.now < deadline {
                #expect(try await service.send("kill", "r\(sent)", "s\(sent)", "r\(max(0, sent - 1))") == 202)
                sent += 1
                if let now = process(), now != killed, sent > 20 { break }
            }
            try await service.replayed()
            #expect(try await service.stored("kill") == [2 * sent, 2 * sent, 2 * sent, 0])
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }
}
