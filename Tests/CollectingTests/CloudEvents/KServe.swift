import Testing
import Vocabulary

@testable import Collecting

/// Events as KServe's inference logger writes them, for the models of ``Bench``.
enum KServe {
    static let requestType = "org.kubeflow.serving.inference.request"
    static let responseType = "org.kubeflow.serving.inference.response"

    /// The headers of the binary mode.
    static func headers(_ type: String, id: String = "e1", _ changes: [String: String?] = [:]) -> [(name: String, value: String)] {
        var all: [String: String] = [
            "Ce-Specversion": "1.0", "Ce-Type": type, "Ce-Id": id, "Ce-Source": "http://localhost:9081/",
            "Ce-Time": type == requestType ? "2026-06-01T11:59:58.461696863Z" : "2026-06-01T11:59:58.511696863Z",
            "Ce-Inferenceservicename": "credit", "Ce-Namespace": "default", "Ce-Component": "predictor", "Ce-Endpoint": "",
            "Ce-Metadata": "{}",
        ]
        for (name, value) in changes { all[name] = value }
        return all.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    static func event(_ type: String, _ body: [UInt8], _ changes: [String: String?] = [:]) throws -> CloudEvent {
        let request = try CloudEventRequest(
            body, contentType: "application/json", headers: headers(type, changes), limits: CollectorLimits(), now: Bench.now)
        return try request.events[0].event.get()
    }

    /// What a request of `credit` 3 holds, or what is wrong with it.
    static func request(
        _ body: String, service: InferenceServices.Service = .init("credit"), of version: RegisteredVersion = Bench.credit,
        _ changes: [String: String?] = [:]
    ) throws -> PredictionBatch {
        try request(Array(body.utf8), service: service, of: version, changes)
    }
    static func request(
        _ body: [UInt8], service: InferenceServices.Service = .init("credit"), of version: RegisteredVersion = Bench.credit,
        _ changes: [String: String?] = [:]
    ) throws -> PredictionBatch {
        let decoder = PredictionDecoder(limits: CollectorLimits(), now: Bench.now)
        return try RequestRows(version, service, decoder: decoder).read(event(requestType, body, changes))
    }

    static func response(
        _ body: String, service: InferenceServices.Service = .init("credit"), schema: FeatureSchema = Bench.credit.schema,
        _ changes: [String: String?] = [:]
    ) throws -> ResponseHalf {
        try ResponseRows(schema: schema, service: service).read(event(responseType, Array(body.utf8), changes))
    }

    /// What a record error says.
    static func fault(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "no error"
        } catch { return (error as? RecordError)?.message ?? "\(error)" }
    }
}
