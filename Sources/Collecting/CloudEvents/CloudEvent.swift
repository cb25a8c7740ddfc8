internal import Vocabulary

/// One event of KServe's inference logger: the body of an inference's request or response, and what is said about it.
///
/// > Source: CloudEvents 1.0.2, "HTTP Protocol Binding" and "JSON Event Format"; KServe, pkg/logger.
struct CloudEvent: Equatable {
    enum Payload: Equatable {
        case bytes([UInt8])
        case json(JSON)
    }
    static let requestType = "org.kubeflow.serving.inference.request"
    static let responseType = "org.kubeflow.serving.inference.response"

    var id: String
    var isRequest: Bool
    /// When it happened; nil where the event does not say.
    var time: Timestamp?
    /// The name of the InferenceService.
    var service: String
    /// Every attribute by its name, those of the specification and the extensions.
    var attributes: [String: String]
    var payload: Payload

    /// - Parameter prefix: stands before an attribute's name in errors: `ce-` for headers.
    init(_ attributes: [String: String], prefix: String, payload: Payload, limits: CollectorLimits, now: Timestamp) throws(RecordError) {
        func required(_ name: String, _ expected: String) throws(RecordError) -> String {
            guard let value = attributes[name], !value.isEmpty else { throw RecordError("\(prefix)\(name): missing, expected \(expected)") }
            guard !value.utf8.contains(0) else { throw RecordError("\(prefix)\(name): holds a NUL character") }
            return value
        }
        let specification = try required("specversion", "1.0")
        guard specification == "1.0" else { throw RecordError("\(prefix)specversion: \"\(specification.prefix(20))\", expected 1.0") }
        let type = try required("type", Self.requestType + " or .response")
        guard type == Self.requestType || type == Self.responseType else {
            throw RecordError("\(prefix)type: \"\(type.prefix(100))\", expected \(Self.requestType) or .response")
        }
        isRequest = type == Self.requestType
        id = try required("id", "the id that request and response share")
        guard id.utf8.count <= limits.idBytesMax else {
            throw RecordError("\(prefix)id: \(id.utf8.count) bytes, expected 1 to \(limits.idBytesMax)")
        }
        _ = try required("source", "a URI")
        service = try required("inferenceservicename", "the name of the InferenceService")
        if let text = attributes["time"] {
            let key = prefix + "time"
            time = try RecordReader(.object(JSONObject([(key, .string(text))]))).time(key, now: now, limits: limits)
        }
        self.attributes = attributes
        self.payload = payload
    }
}

/// The events of a request, in whichever of the three modes it came.
struct CloudEventRequest {
    /// The place in the request and the event; or what is wrong with it.
    var events: [(index: Int, event: Result<CloudEvent, RecordError>)]

    /// - Parameter headers: the request's headers; those of the binary mode start with `ce-`.
    /// - Throws: ``RequestError`` when the body as a whole is no event.
    init(
        _ body: [UInt8], contentType: String, headers: [(name: String, value: String)], limits: CollectorLimits, now: Timestamp
    ) throws(RequestError) {
        let type = contentType.lowercased().prefix { $0 != ";" && $0 != " " }
        switch type {
        case "application/cloudevents+json":
            events = [(0, Self.structured(try Self.parsed(body), limits, now))]
        case "application/cloudevents-batch+json":
            guard case .array(let items) = try Self.parsed(body) else {
                throw RequestError(.malformed, "the body is no array, expected an array of events as content-type \(type) says")
            }
            guard items.count <= limits.recordsMax else { throw RequestBody.tooMany(limits) }
            events = items.enumerated().map { ($0, Self.structured($1, limits, now)) }
        case _ where type.hasPrefix("application/cloudevents"):
            throw RequestError(
                .malformed,
                "content-type \(type.prefix(60)), expected application/cloudevents+json, "
                    + "application/cloudevents-batch+json, or headers ce-*"
            )
        default:
            var attributes: [String: String] = [:]
            for (name, value) in headers where name.lowercased().hasPrefix("ce-") {
                attributes[String(name.lowercased().dropFirst(3))] = Self.headerValue(value)
            }
            guard !attributes.isEmpty else {
                throw RequestError(
                    .malformed,
                    "no header ce-specversion, expected the headers ce-* of a CloudEvent or content-type application/cloudevents+json"
                )
            }
            attributes["datacontenttype"] = contentType
            let event = Result { () throws(RecordError) in
                try CloudEvent(attributes, prefix: "ce-", payload: .bytes(body), limits: limits, now: now)
            }
            events = [(0, event)]
        }
    }

    private static func parsed(_ body: [UInt8]) throws(RequestError) -> JSON {
        do throws(JSONError) { return try JSON.parse(body[...]) } catch { throw RequestError(.malformed, "the body is not JSON: \(error)") }
    }

    private static func structured(_ json: JSON, _ limits: CollectorLimits, _ now: Timestamp) -> Result<CloudEvent, RecordError> {
        Result { () throws(RecordError) in
            guard case .object(let object) = json else { throw RecordError("expected an event, which is an object, got \(json.kind)") }
            var attributes: [String: String] = [:]
            for (name, value) in object.members where name != "data" && name != "data_base64" {
                switch value {
                case .null: continue
                case .string(let text): attributes[name] = text
                case .bool, .integer, .number: attributes[name] = value.text
                default: throw RecordError("\(name.prefix(60)): expected a string, a number or a boolean, got \(value.kind)")
                }
            }
            return try CloudEvent(attributes, prefix: "", payload: try payload(object), limits: limits, now: now)
        }
    }

    private static func payload(_ object: JSONObject) throws(RecordError) -> CloudEvent.Payload {
        switch (object["data"], object["data_base64"]) {
        case (nil, nil): throw RecordError("data: missing, expected the body of the inference, or data_base64")
        case (.some, .some): throw RecordError("data_base64: stands beside data, expected one of the two")
        // A text holds the payload, as some clients write it.
        case (.string(let text), nil): return .bytes(Array(text.utf8))
        case (.some(let json), nil): return .json(json)
        case (nil, .some(let json)):
            guard let bytes = json.stringValue.flatMap(Digest.fromBase64) else { throw RecordError("data_base64: expected base64 text") }
            return .bytes(bytes)
        }
    }

    /// A header's value as the attribute that it stands for: quotes taken off, and what is percent-encoded put back.
    static func headerValue(_ text: String) -> String {
        var bytes = Array(text.utf8)
        if bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") {
            var unquoted: [UInt8] = []
            var isEscaped = false
            for byte in bytes.dropFirst().dropLast() {
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
                if !isEscaped { unquoted.append(byte) }
            }
            bytes = unquoted
        }
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[at + 1...at + 2], as: UTF8.self), radix: 16)
            {
                out.append(byte)
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
