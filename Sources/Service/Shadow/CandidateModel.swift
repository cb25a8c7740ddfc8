internal import Inference
internal import Shadowing
internal import Storage
internal import Vocabulary

/// A candidate's model file, bound to what the champion logs: which feature comes from which column.
struct CandidateModel: Sendable {
    private let model: Inference.Model
    /// By the model's features: the place in the champion's schema.
    private let places: [Int]
    private let schema: FeatureSchema
    let name: String
    /// Its own decisions are positive from this score on.
    let threshold: Double

    /// Reads the file and checks it against what is logged, before any row.
    ///
    /// - Throws: ``ShadowFault`` that names the file's problem, or every feature that the log does not have as the model wants it.
    init(_ bytes: [UInt8], file: String, schema: FeatureSchema, threshold: Double) throws {
        name = file
        self.threshold = threshold
        self.schema = schema
        do throws(InferenceError) { model = try Inference.Model(bytes, file: file) } catch { throw ShadowFault(error.description) }
        if schema.raw == .none { throw ShadowFault("\(file): the champion stores no features (raw: none), so there is nothing to score") }
        let byName = Dictionary(schema.features.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let names = schema.features.map(\.name)
        let requests: [InputRequest]
        do throws(InferenceError) { requests = try model.inputs(among: names) } catch {
            let absent = model.features.compactMap(\.name).filter { byName[$0] == nil }
            throw ShadowFault(
                absent.isEmpty
                    ? error.description : "\(file): the champion's log has no \(Self.list(absent)); it has \(Self.list(names))")
        }
        var problems: [String] = []
        places = requests.map { request in
            let place = byName[request.column] ?? 0
            let logged = schema.features[place]
            if logged.kind == .vector { problems.append("\(logged.name) is a vector in the log") }
            if logged.privacy != nil { problems.append("\(logged.name) is stored as the spec's privacy says, not as it was sent") }
            if logged.kind == .categorical, !request.feature.wantsText {
                problems.append("\(logged.name) is categorical in the log and a number in the model")
            }
            if logged.kind == .numeric, request.feature.kind == .text {
                problems.append("\(logged.name) is numeric in the log and text in the model")
            }
            return place
        }
        if !problems.isEmpty { throw ShadowFault("\(file): " + problems.joined(separator: "; ")) }
    }

    var format: String { model.format }

    /// The places in the schema that it reads, each once.
    var columns: [Int] { Set(places).sorted() }

    private static func list(_ names: [String]) -> String {
        names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
    }

    /// The task as the comparison has it.
    var task: PairedPredictions.Task { PairedPredictions.Task(schema.task) }

    /// Scores of the rows: a column, or one for each class.
    ///
    /// - Throws: ``ShadowFault`` for anything that is no score.
    func scores(_ rows: ShadowRows) throws -> [[Double]] {
        let columns = try answers(rows)
        for column in columns {
            let bad = column.count { !$0.isFinite }
            if bad > 0 { throw ShadowFault("\(name): \(bad) of \(rows.count) scores are no number (NaN or infinite)") }
            if schema.task != .regression, let far = column.first(where: { !(0...1).contains($0) }) {
                throw ShadowFault("\(name): a score is \(far), expected a probability")
            }
        }
        return columns
    }

    /// The same as they are, numbers or not.
    func answers(_ rows: ShadowRows) throws -> [[Double]] {
        let inputs = zip(places, model.features.isEmpty ? places.map { _ in Inference.Feature() } : model.features).map {
            place, feature -> InputColumn in
            switch rows.features[place] {
            case .texts(let texts): return .texts(texts)
            case .numbers(let numbers):
                guard feature.wantsText else { return .numbers(numbers) }
                return .texts(numbers.map { $0.isNaN ? nil : $0 == $0.rounded() && abs($0) < 1e15 ? String(Int64($0)) : "\($0)" })
            }
        }
        let answers: [ScoreColumn]
        do throws(InferenceError) { answers = try model.score(inputs, rows: rows.count, options: ScoreOptions(.probabilities)) } catch {
            throw ShadowFault(error.description)
        }
        var columns = answers.compactMap { column -> [Double]? in
            switch column.values {
            case .numbers(let values): values
            case .integers(let values): values.map(Double.init)
            case .texts: nil
            }
        }
        // Of two classes with a column each the second one is the positive.
        if schema.task == .binary, columns.count == 2 { columns = [columns[1]] }
        let expected = schema.task == .multiclass ? schema.classes.count : 1
        guard columns.count == expected else {
            throw ShadowFault("\(name): \(columns.count) numbers a row, expected \(expected) of a \(schema.task.rawValue) model")
        }
        return columns
    }
}

/// Why a candidate is not scored: it goes into the circuit breaker and to people.
struct ShadowFault: Error, Equatable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
