internal import Vocabulary

/// Reads an inference's response into scores and predictions.
///
/// Which output is which: as the configuration says; else one whose name has `proba` or `score` in it, or is the positive label, holds
/// scores, and one whose name has `label`, `class` or `predict` in it predictions. A single output that is not told by its name holds
/// scores when its numbers are floats or lists of two, and predictions when they are whole numbers, booleans or texts.
struct ResponseRows {
    let schema: FeatureSchema
    let service: InferenceServices.Service

    private struct Output {
        var name: String
        var values: [JSON]
    }

    func read(_ event: CloudEvent) throws(RecordError) -> ResponseHalf {
        if let status = event.attributes["statuscode"], status != "", !status.hasPrefix("2") {
            return failed("status \(status.prefix(60))")
        }
        let payload = try InferencePayload(event.payload, contentType: event.attributes["datacontenttype"])
        let outputs: [Output]
        if let tensors = try payload.tensors("outputs") {
            outputs = tensors.map { tensor in
                Output(
                    name: tensor.name,
                    values: (0..<tensor.rows).map { row in
                        tensor.isFlat ? tensor.value(row, 0) : .array((0..<tensor.columns).map { tensor.value(row, $0) })
                    })
            }
        } else if let json = payload.object["predictions"] {
            guard case .array(let rows) = json else { throw RecordError("data.predictions: expected an array, got \(json.kind)") }
            outputs = try members(rows)
        } else if let error = payload.object["error"] {
            return failed(error.stringValue ?? error.text)
        } else {
            throw RecordError("data: no predictions and no outputs, expected a response of protocol V1 or V2")
        }
        guard let rows = outputs.first?.values.count, rows > 0 else { throw RecordError("data: no rows, expected at least one") }
        if schema.task == .multiclass { return try classes(outputs, rows) }
        let (score, prediction) = try roles(outputs)
        let none = [Double](repeating: .nan, count: rows)
        return ResponseHalf(
            scores: try score.map { output throws(RecordError) in try numbers(output, self.score) } ?? none,
            predictions: try prediction.map { output throws(RecordError) in try numbers(output, self.prediction) } ?? none)
    }

    /// Of several classes: scores by class as one output, as an output for each class, or a single number.
    private func classes(_ outputs: [Output], _ rows: Int) throws(RecordError) -> ResponseHalf {
        var outputs = outputs
        if outputs.count > 1, service.score == nil, service.prediction == nil,
            outputs.allSatisfy({ schema.place(ofClass: $0.name) != nil })
        {
            let objects = (0..<rows).map { row in JSON.object(JSONObject(outputs.map { ($0.name, Self.single($0.values[row])) })) }
            outputs = [Output(name: "scores", values: objects)]
        }
        let (score, prediction) = try roles(outputs)
        var answers: [ClassAnswer] = []
        for row in 0..<rows {
            answers.append(
                try ClassAnswer(
                    score: score.map { Self.single($0.values[row]) }, prediction: prediction.map { Self.single($0.values[row]) },
                    schema: schema,
                    paths: (
                        "\(score?.name.prefix(60) ?? "score")[\(row)]", "\(prediction?.name.prefix(60) ?? "prediction")[\(row)]"
                    )))
        }
        let isScored = answers.contains { !$0.scores.isEmpty }
        return ResponseHalf(
            scores: answers.map(\.score), predictions: answers.map(\.prediction), classScores: isScored ? answers.map(\.scores) : [])
    }

    private func failed(_ error: String) -> ResponseHalf {
        ResponseHalf(scores: [], predictions: [], error: String(error.oneLine.prefix(500)))
    }

    /// Predictions that are objects have an output for each of their members.
    private func members(_ rows: [JSON]) throws(RecordError) -> [Output] {
        guard case .object(let first) = rows.first else { return [Output(name: "predictions", values: rows)] }
        var outputs = first.members.map { Output(name: $0.key, values: []) }
        for (i, row) in rows.enumerated() {
            guard case .object(let object) = row else {
                throw RecordError("predictions[\(i)]: expected an object as before, got \(row.kind)")
            }
            for place in outputs.indices { outputs[place].values.append(object[outputs[place].name] ?? .null) }
        }
        return outputs
    }

    private func roles(_ outputs: [Output]) throws(RecordError) -> (score: Output?, prediction: Output?) {
        func output(_ name: String?) throws(RecordError) -> Output? {
            guard let name else { return nil }
            if let output = outputs.first(where: { $0.name == name }) { return output }
            throw RecordError("data: no output \(name.prefix(60)), got \(outputs.prefix(12).map(\.name).joined(separator: ", "))")
        }
        if service.score != nil || service.prediction != nil { return (try output(service.score), try output(service.prediction)) }
        func isOf(_ words: [String], _ output: Output) -> Bool { words.contains { output.name.lowercased().contains($0) } }
        let score = outputs.first { isOf(["proba", "score"], $0) || (schema.task == .binary && $0.name == schema.positiveLabel) }
        let others = outputs.filter { $0.name != score?.name }
        let named = others.first { isOf(["label", "class", "predict"], $0) }
        let single = outputs.count == 1 ? outputs[0] : nil
        if schema.task == .regression, let value = named ?? score ?? single { return (value, value) }
        if let score { return (score, named.flatMap { isScore($0) ? nil : $0 }) }
        guard let other = named ?? single else {
            throw RecordError(
                "data: which of \(outputs.prefix(12).map(\.name).joined(separator: ", ")) is the score? Name it under kserve.services")
        }
        return isScore(other) ? (other, nil) : (nil, other)
    }

    private func isScore(_ output: Output) -> Bool {
        output.values.contains { value in
            switch Self.single(value) {
            case .number, .array, .object: true
            default: false
            }
        }
    }

    /// A list of one is that one.
    private static func single(_ json: JSON) -> JSON {
        if case .array(let items) = json, items.count == 1 { return single(items[0]) }
        return json
    }

    private func numbers(_ output: Output, _ read: (JSON, String) throws(RecordError) -> Double) throws(RecordError) -> [Double] {
        var numbers: [Double] = []
        for (i, value) in output.values.enumerated() { numbers.append(try read(Self.single(value), "\(output.name.prefix(60))[\(i)]")) }
        return numbers
    }

    private func score(_ json: JSON, path: String) throws(RecordError) -> Double {
        switch json {
        case .array(let items):
            guard schema.task == .binary else { throw RecordError("\(path): \(items.count) values, expected one: it is a regression") }
            guard items.count == 2 else {
                throw RecordError("\(path): \(items.count) class probabilities, expected 1 or 2: it is a binary model")
            }
            return try score(items[service.positiveClass], path: path)
        case .object(let object):
            guard let value = object[schema.positiveLabel] else {
                throw RecordError("\(path): no probability of the class \(schema.positiveLabel.prefix(60))")
            }
            return try score(value, path: path)
        default: return try RecordReader(.object(JSONObject([(path, json)]))).number(path)
        }
    }

    /// A class, or the value of a regression.
    private func prediction(_ json: JSON, path: String) throws(RecordError) -> Double {
        try RecordReader(.object(JSONObject([(path, json)]))).outcome(path, schema: schema)
    }
}
