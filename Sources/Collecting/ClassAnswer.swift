internal import Tables
internal import Vocabulary

/// What a record says of a model with several classes: the class that was predicted, and how sure the model was of it.
struct ClassAnswer: Equatable {
    /// The score of the predicted class (the largest one, where a record says no class); or the number that came.
    var score = Double.nan
    /// The predicted class's place in the version's list; NaN where there is none.
    var prediction = Double.nan
    /// In the order of the version's classes; empty where a number came, or nothing.
    var scores: [Double] = []

    /// - Parameter scores: as many as classes, or none.
    init(score: Double = .nan, scores: [Double] = [], prediction: Double) {
        self.scores = scores
        self.score = score
        self.prediction = prediction
        guard let largest = scores.max() else { return }
        if prediction.isNaN { self.prediction = Double(scores.firstIndex(of: largest) ?? 0) }
        self.score = scores[Int(self.prediction)]
    }

    /// - Parameters: score: a number, an object of numbers by class, or an array in the order of the classes. prediction: a class.
    init(score: JSON?, prediction: JSON?, schema: FeatureSchema, paths: (score: String, prediction: String)) throws(RecordError) {
        let predicted = try Self.outcome(prediction, path: paths.prediction, schema: schema)
        func number(_ json: JSON, _ path: String) throws(RecordError) -> Double {
            guard let number = json.doubleValue, json.stringValue == nil, number.isFinite, number >= 0 else {
                throw RecordError("\(path): expected a number of at least 0, got \(json.doubleValue == nil ? json.kind : json.text)")
            }
            return number
        }
        switch score {
        case nil, .null: self.init(prediction: predicted)
        case .object(let object):
            guard !object.members.isEmpty else { throw RecordError("\(paths.score): no class, expected \(schema.classList)") }
            var scores = [Double](repeating: 0, count: schema.classes.count)
            for (name, value) in object.members {
                let path = "\(paths.score).\(name.prefix(60))"
                guard let place = schema.place(ofClass: name) else {
                    throw RecordError("\(path): not a class of this version, expected \(schema.classList)")
                }
                scores[place] = try number(value, path)
            }
            self.init(scores: scores, prediction: predicted)
        case .array(let items):
            guard items.count == schema.classes.count else {
                throw RecordError("\(paths.score): \(items.count) numbers, expected \(schema.classes.count), one for each class")
            }
            var scores: [Double] = []
            for (i, value) in items.enumerated() { scores.append(try number(value, "\(paths.score)[\(i)]")) }
            self.init(scores: scores, prediction: predicted)
        case .some(let json):
            guard json.stringValue == nil, json.doubleValue != nil else {
                throw RecordError("\(paths.score): expected a number, or an object of numbers by class, got \(json.kind)")
            }
            self.init(score: try number(json, paths.score), prediction: predicted)
        }
    }

    /// A label or a prediction as its class's place; NaN where there is none.
    static func outcome(_ json: JSON?, path: String, schema: FeatureSchema) throws(RecordError) -> Double {
        let name: String
        switch json {
        case nil, .null: return .nan
        case .string(let text): name = text
        case .integer, .number, .bool: name = json?.text ?? ""
        default: throw RecordError("\(path): expected \(schema.classList), got \(json?.kind ?? "nothing")")
        }
        guard let place = schema.place(ofClass: name) else {
            throw RecordError("\(path): \"\(name.prefix(40))\", expected \(schema.classList)")
        }
        return Double(place)
    }
}

extension FeatureSchema {
    /// The place of a class in the list, by its name, or by the number that its name is.
    func place(ofClass name: String) -> Int? {
        if let place = classes.firstIndex(of: name) { return place }
        guard let number = parseNumber(name) else { return nil }
        return classes.firstIndex { parseNumber($0) == number }
    }

    /// For errors: `one of a, b, c`.
    var classList: String { "one of " + classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", …" : "") }

    /// For errors: what a label is.
    var expectedOutcome: String {
        switch task {
        case .binary: "0 or 1"
        case .regression: "a number"
        case .multiclass: classList
        }
    }
}
