internal import Kernels
internal import Vocabulary

/// Reads a body of predictions: usual records by the scanner, at a hundredth of the general parser's cost, the others and what is wrong by
/// ``PredictionDecoder``. Both give the same batches.
struct PredictionReader {
    typealias Batches = (batches: [(version: RegisteredVersion, batch: PredictionBatch)], rejections: [Rejection])

    /// The versions that were looked up; nil for one that is not registered.
    struct Versions {
        var known: [ModelVersion: RegisteredVersion?] = [:]
        var models: Set<String> = []
        var registered: [ModelVersion: RegisteredVersion] { known.compactMapValues { $0 } }
    }
    enum Step {
        case batches([(version: RegisteredVersion, batch: PredictionBatch)], [Rejection])
        /// A record names a version that was not looked up yet.
        case needs(ModelVersion)
    }

    private let body: [UInt8]
    /// With padding.
    private let text: [UInt8]
    private let isLines: Bool
    private let decoder: PredictionDecoder
    private var limits: CollectorLimits { decoder.limits }

    init(_ body: [UInt8], isLines: Bool, decoder: PredictionDecoder) {
        self.body = body
        text = body + [UInt8](repeating: 0, count: RecordScanner.padding)
        self.isLines = isLines
        self.decoder = decoder
    }

    /// - Throws: ``RequestError`` for a body of which nothing can be used.
    func read(_ versions: Versions) throws(RequestError) -> Step {
        var state = State(versions)
        do throws(Interruption) {
            if isLines {
                try readLines(&state)
                if state.records == 0 {
                    throw .refused(RequestError(.malformed, "the body has no records, expected one JSON object a line"))
                }
                return state.result
            }
            if try readArray(&state) { return state.result }
        } catch {
            switch error {
            case .needs(let key): return .needs(key)
            case .refused(let error): throw error
            }
        }
        return try readWhole(versions)
    }

    private enum Interruption: Error {
        case needs(ModelVersion)
        case refused(RequestError)
    }

    private struct State {
        let versions: Versions
        let registered: [ModelVersion: RegisteredVersion]
        let scanner = RecordScanner()
        var builders = BatchBuilders()
        var records = 0
        /// Of the last usual record: the next one is most likely of the same version.
        var last: (model: [UInt8], version: [UInt8], place: Int, shape: PredictionShape)?
        var shapes: [ModelVersion: PredictionShape] = [:]

        init(_ versions: Versions) {
            self.versions = versions
            registered = versions.registered
        }
        var result: Step { .batches(builders.batches(), builders.rejections) }
    }

    // MARK: Forms of bodies

    private func readLines(_ state: inout State) throws(Interruption) {
        var start = 0
        while start < body.count {
            let lineEnd = RecordScanner.lineEnd(text, from: start, to: body.count)
            defer { start = lineEnd + 1 }
            if body[start..<lineEnd].allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) { continue }
            try begin(&state)
            if let stop = state.scanner.read(text, from: start, to: lineEnd), isBlank(stop..<lineEnd), try take(&state) { continue }
            let parsed = Result { () throws(JSONError) in try JSON.parse(body[start..<lineEnd]) }
            try general(parsed, &state)
        }
    }

    /// An array of usual records, or one; false for anything else.
    private func readArray(_ state: inout State) throws(Interruption) -> Bool {
        var at = skipSpace(0)
        let isArray = text[at] == UInt8(ascii: "[")
        if isArray { at = skipSpace(at + 1) }
        while true {
            try begin(&state)
            guard let stop = state.scanner.read(text, from: at, to: body.count), try take(&state) else { return false }
            at = skipSpace(stop)
            if !isArray { return at == body.count }
            if text[at] == UInt8(ascii: "]") { return skipSpace(at + 1) == body.count }
            guard text[at] == UInt8(ascii: ",") else { return false }
            at = skipSpace(at + 1)
        }
    }

    /// Anything else that is JSON.
    private func readWhole(_ versions: Versions) throws(RequestError) -> Step {
        let request = try RequestBody(body, isLines: false, limits: limits)
        for key in PredictionDecoder.versions(request).sorted(by: { $0.description < $1.description }) where versions.known[key] == nil {
            return .needs(key)
        }
        let (batches, rejections) = decoder.decode(request, versions: versions.registered, models: versions.models)
        return .batches(batches, rejections)
    }

    private func begin(_ state: inout State) throws(Interruption) {
        guard state.records < limits.recordsMax else { throw .refused(RequestBody.tooMany(limits)) }
        state.records += 1
    }

    private func isBlank(_ range: Range<Int>) -> Bool { text[range].allSatisfy { $0 == 32 || $0 == 13 || $0 == 9 } }

    private func skipSpace(_ start: Int) -> Int {
        var at = start
        while text[at] == 32 || text[at] == 10 || text[at] == 13 || text[at] == 9 { at += 1 }
        return at
    }

    // MARK: Records

    /// Takes what the scanner has read; false when it is for the general decoder.
    private func take(_ state: inout State) throws(Interruption) -> Bool {
        guard let model = state.scanner.name(text, "model"), let version = state.scanner.name(text, "version") else { return false }
        if state.last.map({ !$0.model.elementsEqual(text[model]) || !$0.version.elementsEqual(text[version]) }) ?? true {
            guard try turn(to: model, version, &state) else { return false }
        }
        guard let (_, _, place, shape) = state.last else { return false }
        while true {
            switch state.scanner.fill(text, shape.plan) {
            case .unusual: return false
            case .unknown(let key, let parent):
                guard shape.learn(Array(text[key]), in: parent, max: limits.measuresMax) else { return false }
            case .filled:
                guard let row = shape.row(text, limits: limits, now: decoder.now),
                    state.builders.all[place].measureBeyondLimit(row.measures.map(\.name)) == nil
                else { return false }
                state.builders.all[place].append(row, text, shape)
                return true
            }
        }
    }

    /// Makes another version the current one; false when the name is for the general decoder.
    private func turn(to model: Range<Int>, _ version: Range<Int>, _ state: inout State) throws(Interruption) -> Bool {
        let lengths = 1...FeatureSchema.nameLengthMax
        guard lengths.contains(model.count), lengths.contains(version.count) else { return false }
        let key = ModelVersion(model: String(decoding: text[model], as: UTF8.self), version: String(decoding: text[version], as: UTF8.self))
        guard let known = state.versions.known[key] else { throw .needs(key) }
        guard let known else { return false }
        let shape = state.shapes[key] ?? PredictionShape(known.schema)
        state.shapes[key] = shape
        state.last = (Array(text[model]), Array(text[version]), state.builders.place(of: known), shape)
        return true
    }

    private func general(_ record: Result<JSON, JSONError>, _ state: inout State) throws(Interruption) {
        if case .success(let json) = record, let key = try? PredictionDecoder.version(of: json), state.versions.known[key] == nil {
            throw .needs(key)
        }
        decoder.decode(record, state.records - 1, versions: state.registered, models: state.versions.models, into: &state.builders)
    }
}
