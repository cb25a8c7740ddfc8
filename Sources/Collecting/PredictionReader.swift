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

    /// With padding.
    private let text: [UInt8]
    /// Of the body in `text`.
    private let count: Int
    private let isLines: Bool
    private let decoder: PredictionDecoder
    private var limits: CollectorLimits { decoder.limits }

    init(_ body: consuming [UInt8], isLines: Bool, decoder: PredictionDecoder) {
        count = body.count
        body.append(contentsOf: repeatElement(0, count: RecordScanner.padding))
        text = body
        self.isLines = isLines
        self.decoder = decoder
    }

    /// - Throws: ``RequestError`` for a body of which nothing can be used.
    func read(_ versions: Versions) throws(RequestError) -> Step {
        var state = State(versions, key: limits.privacyKey)
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
        var builders: BatchBuilders
        var records = 0
        /// Of the last usual record, with its builder's place: the next one is most likely of the same version.
        var last: (model: [UInt8], version: [UInt8], place: Int)?

        init(_ versions: Versions, key: PrivacyKey?) {
            builders = BatchBuilders(key: key)
            self.versions = versions
            registered = versions.registered
        }
        var result: Step { .batches(builders.batches(), builders.rejections) }
    }

    // MARK: Forms of bodies

    private func readLines(_ state: inout State) throws(Interruption) {
        var start = 0
        var line = 0
        while start < count {
            let lineEnd = RecordScanner.lineEnd(text, from: start, to: count)
            defer { start = lineEnd + 1 }
            line += 1
            if text[start..<lineEnd].allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) { continue }
            try begin(&state)
            if let stop = state.scanner.read(text, from: start, to: lineEnd), isBlank(stop..<lineEnd), try take(&state) { continue }
            let parsed = Result { () throws(JSONError) in try JSON.parse(text[start..<lineEnd], line: line) }
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
            guard let stop = state.scanner.read(text, from: at, to: count), try take(&state) else { return false }
            at = skipSpace(stop)
            if !isArray { return at == count }
            if text[at] == UInt8(ascii: "]") { return skipSpace(at + 1) == count }
            guard text[at] == UInt8(ascii: ",") else { return false }
            at = skipSpace(at + 1)
        }
    }

    /// Anything else that is JSON.
    private func readWhole(_ versions: Versions) throws(RequestError) -> Step {
        let request = try RequestBody(Array(text[..<count]), isLines: false, limits: limits)
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
        guard let model = state.scanner.name(text, "model"), let version = state.scanner.name(text, "version"),
            let place = try place(model, version, &state)
        else { return false }
        while true {
            switch state.scanner.fill(text, &state.builders.all[place].shape.plan) {
            case .filled: return state.builders.all[place].append(text, limits: limits, now: decoder.now)
            case .unusual: return false
            case .unknown(let key, let parent):
                guard state.builders.all[place].shape.learn(Array(text[key]), in: parent, max: limits.measuresMax) else { return false }
            }
        }
    }

    /// The place of the version's builder; nil when the name is for the general decoder.
    private func place(_ model: Range<Int>, _ version: Range<Int>, _ state: inout State) throws(Interruption) -> Int? {
        if let last = state.last, RecordScanner.isSame(text, model, last.model), RecordScanner.isSame(text, version, last.version) {
            return last.place
        }
        let lengths = 1...FeatureSchema.nameLengthMax
        guard lengths.contains(model.count), lengths.contains(version.count) else { return nil }
        let key = ModelVersion(model: String(decoding: text[model], as: UTF8.self), version: String(decoding: text[version], as: UTF8.self))
        guard let known = state.versions.known[key] else { throw .needs(key) }
        guard let known else { return nil }
        let place = state.builders.place(of: known)
        state.last = (Array(text[model]), Array(text[version]), place)
        return place
    }

    private func general(_ record: Result<JSON, JSONError>, _ state: inout State) throws(Interruption) {
        if case .success(let json) = record, let key = try? PredictionDecoder.version(of: json), state.versions.known[key] == nil {
            throw .needs(key)
        }
        decoder.decode(record, state.records - 1, versions: state.registered, models: state.versions.models, into: &state.builders)
    }
}
