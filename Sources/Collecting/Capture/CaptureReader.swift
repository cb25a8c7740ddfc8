internal import Tables
internal import Vocabulary

/// Turns a line of SageMaker data capture into the records of `POST /v1/predictions` that it stands for, one a row of the request; and a
/// line of ground truth into label events.
struct CaptureReader {
    let version: RegisteredVersion
    /// The names of a request's columns, where it has none: CSV, and arrays.
    let columns: [String]
    /// The outputs that are the score and the decision; nil for the usual names.
    let score: String?
    let prediction: String?
    let missing: Set<String>

    private var schema: FeatureSchema { version.schema }
    private let features: [String: FeatureKind]

    init(version: RegisteredVersion, columns: [String]?, score: String?, prediction: String?, missing: Set<String>) {
        self.version = version
        self.columns = columns ?? version.schema.features.map(\.name)
        self.score = score
        self.prediction = prediction
        self.missing = missing
        features = Dictionary(version.schema.features.map { ($0.name, $0.sentKind) }, uniquingKeysWith: { a, _ in a })
    }

    // MARK: Predictions

    /// - Parameter unknown: takes names that the schema does not know.
    /// - Throws: ``RecordError`` with the member, what is wrong with it and what was expected.
    func predictions(_ line: JSON, unknown: inout Set<String>) throws(RecordError) -> [JSON] {
        let reader = try RecordReader(line)
        guard case .object(let capture)? = reader.object["captureData"] else {
            throw RecordError("captureData: missing, expected an object with endpointInput and endpointOutput")
        }
        let (id, time) = try metadata(reader.object)
        let input = try CapturePayload.read(capture, "endpointInput")?.inputs(missing: missing)
        let output = try CapturePayload.read(capture, "endpointOutput")?.outputs(rows: input?.count)
        guard let count = input?.count ?? output?.count else { throw RecordError("captureData: neither endpointInput nor endpointOutput") }
        guard count > 0 else { throw RecordError("endpointInput.data: no rows, expected at least one") }
        var records: [JSON] = []
        for row in 0..<count {
            var record = JSONObject([
                ("model", .string(version.key.model)), ("version", .string(version.key.version)),
                ("id", .string(count == 1 ? id : "\(id)/\(row)")),
            ])
            if let time { record["ts"] = time }
            if let input { try fill(&record, input[row], &unknown) }
            if let output { try answer(&record, output[row]) }
            records.append(.object(record))
        }
        return records
    }

    /// The id under which labels will come: the caller's own if there is one.
    private func metadata(_ line: JSONObject) throws(RecordError) -> (id: String, time: JSON?) {
        guard case .object(let metadata)? = line["eventMetadata"] else {
            throw RecordError("eventMetadata: missing, expected an object with eventId")
        }
        for name in ["inferenceId", "eventId"] {
            if let id = metadata[name]?.stringValue, !id.isEmpty { return (id, metadata["inferenceTime"]) }
        }
        throw RecordError("eventMetadata.eventId: missing, expected a string")
    }

    private func fill(_ record: inout JSONObject, _ row: CapturePayload.Row, _ unknown: inout Set<String>) throws(RecordError) {
        let cells: [(name: String, value: JSON)]
        switch row {
        case .named(let members): cells = members
        case .positional(let values):
            guard values.count == columns.count else {
                throw RecordError("endpointInput.data: \(values.count) columns, expected \(columns.count) (--input-columns names them)")
            }
            cells = zip(columns, values).map { (name: $0, value: $1) }
        }
        var found: [(String, JSON)] = []
        var groups: [(String, JSON)] = []
        for (name, value) in cells {
            var isKnown = false
            if let kind = features[name] {
                found.append((name, kind == .numeric ? try feature(value, name) : value))
                isKnown = true
            }
            if schema.sensitive.contains(name) {
                groups.append((name, value))
                isKnown = true
            }
            if !isKnown, !schema.dropped.contains(name) { unknown.insert(name) }
        }
        record["features"] = .object(JSONObject(found))
        record["groups"] = .object(JSONObject(groups))
    }

    /// An error does not say the value of a private feature.
    private func feature(_ value: JSON, _ name: String) throws(RecordError) -> JSON {
        let path = "endpointInput.\(name)"
        guard schema.features.contains(where: { $0.name == name && $0.privacy != nil }) else { return try number(value, path) }
        do throws(RecordError) { return try number(value, path) } catch { throw RecordError("\(path): expected a number") }
    }

    /// Text payloads write numbers as text.
    private func number(_ value: JSON, _ path: String) throws(RecordError) -> JSON {
        guard case .string(let text) = value else { return value }
        if text.isEmpty || missing.contains(text) { return .null }
        guard let number = parseNumber(text.trimmed) else { throw RecordError("\(path): \"\(text.prefix(40))\", expected a number") }
        return .number(number)
    }

    // MARK: Outputs

    private static let scoreNames = [
        "score", "scores", "probability", "probabilities", "probabilities.1", "probability.1", "scores.1", "predictions.1", "1",
    ]
    private static let decisionNames = ["predicted_label", "prediction", "predictions", "label", "predicted_class"]

    private func answer(_ record: inout JSONObject, _ outputs: [CapturePayload.Output]) throws(RecordError) {
        let isRegression = schema.task == .regression
        var decision = try named(prediction, outputs)
        var value = try named(score, outputs)
        if score == nil, prediction == nil, outputs.count == 1 {
            // A model that answers one number: its score, or its estimate.
            if isRegression || ["predicted_label", "label", "predicted_class"].contains(outputs[0].name) {
                decision = outputs[0]
            } else {
                value = outputs[0]
            }
        } else {
            let left = outputs.filter { $0.name != decision?.name && $0.name != value?.name }
            if prediction == nil {
                let names = Self.decisionNames + (isRegression ? ["predicted_value", "score", "0"] : [])
                decision = usual(names, left)
            }
            if score == nil, !isRegression { value = usual(Self.scoreNames, left) }
            guard decision != nil || value != nil else {
                throw RecordError("endpointOutput: \(list(outputs)), expected --score or --prediction to name one of them")
            }
        }
        if let value, case .array = value.value, schema.task == .multiclass {
            record["score"] = value.value  // as many as classes, in their order
        } else if let value {
            record["score"] = try number(value.value, "endpointOutput.\(value.name)")
        }
        if let decision {
            record["prediction"] = isRegression ? try number(decision.value, "endpointOutput.\(decision.name)") : trimmed(decision.value)
        }
    }

    private func named(_ name: String?, _ outputs: [CapturePayload.Output]) throws(RecordError) -> CapturePayload.Output? {
        guard let name else { return nil }
        guard let output = outputs.first(where: { $0.name == name }) else {
            throw RecordError("endpointOutput: no \(name), expected one of \(list(outputs))")
        }
        return output
    }

    private func usual(_ names: [String], _ outputs: [CapturePayload.Output]) -> CapturePayload.Output? {
        for name in names { if let output = outputs.first(where: { $0.name == name }) { return output } }
        return nil
    }

    private func list(_ outputs: [CapturePayload.Output]) -> String {
        outputs.isEmpty
            ? "empty" : outputs.prefix(12).map { String($0.name.prefix(40)) }.joined(separator: ", ") + (outputs.count > 12 ? ", …" : "")
    }

    private func trimmed(_ value: JSON) -> JSON { value.stringValue.map { .string($0.trimmed) } ?? value }

    // MARK: Labels

    /// The label events of a line of ground truth, as the records of `POST /v1/labels`.
    ///
    /// > Source: Amazon SageMaker Developer Guide, "Ingest Ground Truth labels and merge them with predictions".
    func labels(_ line: JSON) throws(RecordError) -> [JSON] {
        let reader = try RecordReader(line)
        guard reader.object["groundTruthData"] != nil else { throw RecordError("groundTruthData: missing, expected an object with data") }
        guard let payload = try CapturePayload.read(reader.object, "groundTruthData") else {
            throw RecordError("groundTruthData.data: missing, expected a label")
        }
        let (id, time) = try metadata(reader.object)
        let rows = try payload.outputs(rows: nil)
        guard !rows.isEmpty else { throw RecordError("groundTruthData.data: empty, expected a label") }
        var events: [JSON] = []
        for (i, row) in rows.enumerated() {
            guard let label = row.first?.value else { throw RecordError("groundTruthData.data: row \(i) is empty, expected a label") }
            var event = JSONObject([
                ("model", .string(version.key.model)), ("id", .string(rows.count == 1 ? id : "\(id)/\(i)")),
                ("label", schema.task == .regression ? try number(label, "groundTruthData.data") : trimmed(label)),
            ])
            if let time { event["ts"] = time }
            events.append(.object(event))
        }
        return events
    }
}

extension String {
    /// Without blanks around it.
    fileprivate var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
