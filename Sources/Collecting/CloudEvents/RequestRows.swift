internal import Vocabulary

/// Reads the rows of an inference request into features and groups, in the schema's terms.
struct RequestRows {
    let version: RegisteredVersion
    let service: InferenceServices.Service
    let decoder: PredictionDecoder
    private let builder: BatchBuilder
    private var schema: FeatureSchema { version.schema }

    init(_ version: RegisteredVersion, _ service: InferenceServices.Service, decoder: PredictionDecoder) {
        self.version = version
        self.service = service
        self.decoder = decoder
        builder = BatchBuilder(version: version, key: decoder.limits.privacyKey)
    }

    /// Where a column goes: to a feature, to the groups, to both, or nowhere.
    private struct Target {
        var name: String
        var feature: Int?
        var group: Int?
    }

    /// - Throws: ``RecordError`` with the place in the payload; an event is taken whole or not at all.
    func read(_ event: CloudEvent) throws(RecordError) -> PredictionBatch {
        let payload = try InferencePayload(event.payload, contentType: event.attributes["datacontenttype"])
        let common = try groupsOfAll(event, payload.object["parameters"])
        var rows: [ParsedPrediction]
        if let tensors = try payload.tensors("inputs") {
            rows = try read(tensors)
        } else if let key = ["instances", "inputs"].first(where: { payload.object[$0] != nil }) {
            guard case .array(let items) = payload.object[key] else {
                throw RecordError("data.\(key): expected an array, got \(payload.object[key]?.kind ?? "nothing")")
            }
            rows = []
            for (i, item) in items.enumerated() { rows.append(try row(item, path: "\(key)[\(i)]")) }
        } else {
            throw RecordError("data: no instances and no inputs, expected a request of protocol V1 or V2")
        }
        guard !rows.isEmpty else { throw RecordError("data: no rows, expected at least one") }
        let ids = HalfWrite.recordIDs(event.id, rows: rows.count)
        guard ids[rows.count - 1].utf8.count <= decoder.limits.idBytesMax else {
            throw RecordError(
                "id: \(ids[rows.count - 1].utf8.count) bytes with the row's number, expected at most \(decoder.limits.idBytesMax)")
        }
        var builder = builder
        for i in rows.indices {
            rows[i].id = ids[i]
            rows[i].time = event.time ?? decoder.now
            rows[i].variant = event.attributes["endpoint"].flatMap { $0.isEmpty ? nil : String($0.prefix(100)) }
            for (place, level) in common.enumerated() where rows[i].groups[place] == nil { rows[i].groups[place] = level }
            builder.append(rows[i])
        }
        return builder.batch()
    }

    // MARK: Protocol V1

    /// A row is an object by name, an array by place, or a single value.
    private func row(_ json: JSON, path: String) throws(RecordError) -> ParsedPrediction {
        var row = ParsedPrediction(schema: schema)
        switch json {
        case .object(let object):
            for (name, value) in object.members { try fill(&row, try target(name, path: path), value, path: path) }
        case .array(let values):
            for (target, value) in zip(try targets(count: values.count, path: path), values) { try fill(&row, target, value, path: path) }
        default: try fill(&row, try targets(count: 1, path: path)[0], json, path: path)
        }
        return row
    }

    // MARK: Protocol V2

    private func read(_ tensors: [Tensor]) throws(RecordError) -> [ParsedPrediction] {
        // Without a place a row of the tensor is the value: a vector.
        var columns: [(tensor: Tensor, place: Int?, target: Target)] = []
        for (i, tensor) in tensors.enumerated() {
            let place = "inputs[\(i)]"
            let path = "\(place) (\(tensor.name.prefix(60)))"
            let found: [Target]
            if let feature = builder.positions[tensor.name], schema.features[feature].kind == .vector, !tensor.isFlat {
                columns.append((tensor, nil, try target(tensor.name, path: place)))
                continue
            }
            if let names = tensor.columnNames {
                found = try names.map { name throws(RecordError) in try target(name, path: place) }
            } else if tensor.columns == 1, tensors.count > 1 || isKnown(tensor.name) {
                found = [try target(tensor.name, path: place)]
            } else if tensors.count == 1 {
                if tensor.isFlat, names.count != 1 {
                    throw RecordError("\(path): shape [\(tensor.rows)], expected [rows, \(names.count)], or a tensor for each feature")
                }
                found = try targets(count: tensor.columns, path: path)
            } else {
                throw RecordError(
                    "\(path): \(tensor.columns) columns without names, expected parameters.columns, or a tensor for each feature")
            }
            for (place, target) in found.enumerated() { columns.append((tensor, place, target)) }
        }
        var rows: [ParsedPrediction] = []
        for i in 0..<(tensors.first?.rows ?? 0) {
            var row = ParsedPrediction(schema: schema)
            for column in columns {
                let value =
                    column.place.map { column.tensor.value(i, $0) }
                    ?? .array((0..<column.tensor.columns).map { column.tensor.value(i, $0) })
                try fill(&row, column.target, value, path: "row \(i)")
            }
            rows.append(row)
        }
        return rows
    }

    // MARK: Columns

    /// What the places of a row without names are.
    private var names: [String] { service.columns ?? schema.features.map(\.name) }

    private func isKnown(_ name: String) -> Bool {
        builder.positions[name] != nil || schema.sensitive.contains(name) || schema.dropped.contains(name) || service.ignored.contains(name)
    }

    private func targets(count: Int, path: String) throws(RecordError) -> [Target] {
        guard count == names.count else {
            throw RecordError("\(path): \(count) values for \(names.count) columns, \(decoder.list(names))")
        }
        return try names.map { name throws(RecordError) in try target(name, path: path) }
    }

    private func target(_ name: String, path: String) throws(RecordError) -> Target {
        guard isKnown(name) else {
            throw RecordError(
                "\(path).\(name.prefix(60)): no feature and no sensitive attribute of \(version.key) "
                    + "(\(decoder.list(schema.features.map(\.name) + schema.sensitive))): ignore it under kserve.services")
        }
        return Target(name: name, feature: builder.positions[name], group: schema.sensitive.firstIndex(of: name))
    }

    private func fill(_ row: inout ParsedPrediction, _ target: Target, _ value: JSON, path: String) throws(RecordError) {
        do throws(RecordError) {
            if let feature = target.feature { row.features[feature] = try decoder.feature(value, schema.features[feature]) }
            if let group = target.group {
                row.groups[group] = try decoder.group(value, target.name, schema)
            }
        } catch { throw RecordError("\(path): \(error.message)") }
    }

    /// Groups that stand for all rows: in the request's parameters, or in an extension of the event, whose name has only small letters
    /// and digits.
    private func groupsOfAll(_ event: CloudEvent, _ parameters: JSON?) throws(RecordError) -> [String?] {
        try schema.sensitive.map { name throws(RecordError) in
            let json = parameters?[name] ?? event.attributes[Self.extensionName(name)].map(JSON.string) ?? .null
            return try decoder.group(json, name, schema)
        }
    }

    static func extensionName(_ name: String) -> String {
        String(decoding: name.lowercased().utf8.filter { (48...57).contains($0) || (97...122).contains($0) }, as: UTF8.self)
    }
}
