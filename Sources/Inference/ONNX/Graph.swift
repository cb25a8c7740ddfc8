internal import Dispatch
internal import Kernels
internal import Synchronization

/// An ONNX graph, ready to run: operators in order, values in numbered places.
struct Graph: Sendable {
    typealias Work = @Sendable ([Tensor?]) throws(OperatorError) -> [Tensor]

    /// Work of an operator over the columns of a table, rounded to 32 bits, and some of its rows.
    typealias ColumnWork = @Sendable ([[Double]], Range<Int>) throws(OperatorError) -> [Tensor]

    struct Step: Sendable {
        var place: String
        var work: Work
        /// Places of the inputs (nil where one is left out) and outputs.
        var inputs: [Int?]
        var outputs: [Int]
    }

    struct Input: Sendable {
        var name: String
        var slot: Int
        var type: Int
        /// Negative where the table's columns tell.
        var width: Int
        /// 1 or 2.
        var rank: Int
    }

    struct Output: Sendable {
        var name: String
        var slot: Int
    }

    let file: String
    var steps: [Step] = []
    /// Steps that are run in one go, by the first of them.
    var chains: [Int: DenseChain] = [:]
    /// Steps that take an input in its columns, by the input's slot: what only they read need not be put into rows.
    var heads: [Int: (step: Int, work: ColumnWork)] = [:]
    var constants: [(slot: Int, tensor: Tensor)] = []
    var inputs: [Input] = []
    var outputs: [Output] = []
    var slotCount = 0
    /// Where ONNX Runtime runs it instead of the steps.
    var session: RuntimeSession?
    /// Rows that the graph takes at once, where it says so.
    var batchRows: Int?
    /// Whether shapes between operators depend on what rows hold, and not on their number alone.
    var shapesFollowRows = false

    /// Whether the model takes any number of columns.
    var isOpen: Bool { inputs.contains { $0.width < 0 } }

    private func unsupported(_ message: String) -> InferenceError { InferenceError(.unsupported, file: file, message) }

    func score(_ columns: [InputColumn], rows: Int, options: ScoreOptions, task: ModelTask) throws(InferenceError) -> [ScoreColumn] {
        if options.answer == .margin { throw unsupported("--raw of an ONNX model, which has no margin of its own; expected --outputs") }
        if options.answer == .leaves { throw unsupported("--leaves of an ONNX model, expected XGBoost or LightGBM trees") }
        if options.rounds != nil { throw unsupported("--rounds of an ONNX model, expected XGBoost or LightGBM trees") }
        let size = max(1, min(batchRows ?? InferenceLimits.graphRows, InferenceLimits.graphRows))
        let pieces = max(1, (rows + size - 1) / size)
        let slots = Mutex([Result<[ScoreColumn], InferenceError>?](repeating: nil, count: pieces))
        DispatchQueue.concurrentPerform(iterations: min(max(options.threads, 1), pieces)) { first in
            for piece in stride(from: first, to: pieces, by: min(max(options.threads, 1), pieces)) {
                let range = piece * size..<min((piece + 1) * size, rows)
                let made = Result { () throws(InferenceError) in try answer(columns, range, options) }
                slots.withLock { $0[piece] = made }
            }
        }
        var parts: [[ScoreColumn]] = []
        for made in slots.withLock({ $0 }).compactMap({ $0 }) { parts.append(try made.get()) }
        guard let first = parts.first, parts.allSatisfy({ $0.count == first.count }) else {
            throw InferenceError(.input, file: file, "outputs of different widths for different rows, expected one width")
        }
        return first.indices.map { column in ScoreColumn(first[column].name, .joined(parts.map { $0[column].values })) }
    }

    private func answer(_ columns: [InputColumn], _ range: Range<Int>, _ options: ScoreOptions) throws(InferenceError) -> [ScoreColumn] {
        let results = try run(columns, range)
        guard options.answer == .outputs else { return try predictions(results, range.count) }
        var found: [ScoreColumn] = []
        for (output, tensor) in zip(outputs, results) { found += try self.columns(output.name, tensor, range.count) }
        return found
    }

    /// What a table's rows come to: of a classifier the probabilities (of two classes: that of the second), else the first output.
    private func predictions(_ results: [Tensor], _ rows: Int) throws(InferenceError) -> [ScoreColumn] {
        let isScore = { (tensor: Tensor) in
            if case .float = tensor.values { true } else if case .double = tensor.values { true } else { false }
        }
        let place = results.lastIndex { isScore($0) && $0.count != rows } ?? results.firstIndex(where: isScore) ?? 0
        var found = try columns("prediction", results[place].withoutKeys, rows)
        if found.count == 2, results.count > 1 { found = [ScoreColumn("prediction", found[1].values)] }
        return found
    }

    /// `NAME` of a column, `NAME_0`, `NAME_1`, … of a matrix, `NAME_key` of maps.
    private func columns(_ name: String, _ tensor: Tensor, _ rows: Int) throws(InferenceError) -> [ScoreColumn] {
        let width = rows == 0 ? tensor.shape.dropFirst().reduce(1, *) : tensor.count / rows
        // Whose first dimension is another one, such as an answer's number, would be cut up wrongly.
        guard tensor.count == width * rows, width <= 1 || tensor.shape.first == rows else {
            throw InferenceError(
                .input, file: file, place: "output \(name)", "\(tensor.count) values for \(rows) rows, expected as many for each")
        }
        return (0..<width).map { column in
            let isOne = width == 1 && tensor.keys == nil
            let title = isOne ? name : "\(name)_\(tensor.keys?[column] ?? "\(column)")"
            func picked<T, U>(_ values: [T], _ made: (T) -> U) -> [U] { (0..<rows).map { made(values[$0 * width + column]) } }
            switch tensor.values {
            case .float(let v): return ScoreColumn(title, .numbers(columnDoubles(v, width: width, column: column)))
            case .double(let v): return ScoreColumn(title, .numbers(picked(v) { $0 }))
            case .int(let v): return ScoreColumn(title, .integers(picked(v) { $0 }))
            case .bool(let v): return ScoreColumn(title, .integers(picked(v) { $0 ? 1 : 0 }))
            case .text(let v): return ScoreColumn(title, .texts(picked(v) { $0 }))
            }
        }
    }

    /// Runs the operators over some rows.
    func run(_ columns: [InputColumn], _ rows: Range<Int>) throws(InferenceError) -> [Tensor] {
        var slots = [Tensor?](repeating: nil, count: slotCount)
        for (slot, tensor) in constants { slots[slot] = tensor }
        var (given, done): ([Tensor], Set<Int>) = ([], [])
        var at = 0
        for input in inputs {
            let width = input.width < 0 ? columns.count : input.width
            let own = Array(columns[at..<at + width])
            at += width
            if session == nil, let head = heads[input.slot], let numbers = Self.numbers(own) {
                try run(steps[head.step], &slots) { () throws(OperatorError) in try head.work(numbers, rows) }
                done.insert(head.step)
                continue
            }
            let tensor = try tensor(input, own, rows)
            if session == nil { slots[input.slot] = tensor } else { given.append(tensor) }
        }
        if let session {
            do {
                return try session.run(zip(inputs, given).map { ($0.name, $0.type, $1) }, outputs: outputs.map(\.name))
            } catch { throw InferenceError(.input, file: file, error.message) }
        }
        for (number, step) in steps.enumerated() where !done.contains(number) {
            if let chain = chains[number], let made = chain.run(slots[chain.input]) {
                slots[chain.output] = made
                done.formUnion(chain.steps)
                continue
            }
            let given = step.inputs.map { $0.flatMap { slots[$0] } }
            try run(step, &slots) { () throws(OperatorError) in try step.work(given) }
        }
        var out: [Tensor] = []
        for output in outputs {
            guard let tensor = slots[output.slot] else {
                throw InferenceError(.malformed, file: file, "output \(output.name) was not made")
            }
            out.append(tensor)
        }
        return out
    }

    private func run(_ step: Step, _ slots: inout [Tensor?], _ work: () throws(OperatorError) -> [Tensor]) throws(InferenceError) {
        do {
            for (slot, tensor) in zip(step.outputs, try work()) where slot >= 0 { slots[slot] = tensor }
        } catch {
            let codes: [OperatorError.Cause: InferenceError.Code] = [.shape: .malformed, .row: .input, .unsupported: .unsupported]
            throw InferenceError(codes[error.cause] ?? .input, file: file, place: step.place, error.message)
        }
    }

    /// Columns that are all numbers.
    private static func numbers(_ columns: [InputColumn]) -> [[Double]]? {
        var out: [[Double]] = []
        out.reserveCapacity(columns.count)
        for column in columns {
            guard case .numbers(let values) = column else { return nil }
            out.append(values)
        }
        return out
    }

    private func tensor(_ input: Input, _ columns: [InputColumn], _ rows: Range<Int>) throws(InferenceError) -> Tensor {
        let shape = input.rank == 1 ? [rows.count] : [rows.count, columns.count]
        let width = columns.count
        if input.type == 8 {
            var out = [String](repeating: "", count: rows.count * width)
            for (i, column) in columns.enumerated() {
                guard case .texts(let texts) = column else { continue }
                for row in rows { out[(row - rows.lowerBound) * width + i] = texts[row] ?? "" }
            }
            return Tensor(shape, .text(out))
        }
        // The usual case: numbers all along.
        if input.type == 1, let numbers = Self.numbers(columns) { return Tensor(shape, .float(rowFloats(numbers, rows: rows))) }
        var out = [Double](repeating: .nan, count: rows.count * width)
        for (i, column) in columns.enumerated() {
            switch column {
            case .numbers(let values): for row in rows { out[(row - rows.lowerBound) * width + i] = values[row] }
            case .texts(let texts):
                for row in rows {
                    guard let number = texts[row].map({ decimalNumber($0) }) ?? .nan else {
                        throw InferenceError(.input, file: file, place: "input \(input.name)", "text in row \(row + 1), expected a number")
                    }
                    out[(row - rows.lowerBound) * width + i] = number
                }
            }
        }
        switch input.type {
        case 11: return Tensor(shape, .double(out))
        case 1: return Tensor(shape, .float(out.map { Float($0) }))
        default:
            var whole: [Int64] = []
            for (place, value) in out.enumerated() {
                guard let number = Int64(exactly: value) else {
                    let (found, row) = (value.isNaN ? "a missing value" : "\(value)", rows.lowerBound + place / width + 1)
                    let message = "\(found) in row \(row), expected a whole number"
                    throw InferenceError(.input, file: file, place: "input \(input.name)", message)
                }
                whole.append(number)
            }
            return input.type == 9 ? Tensor(shape, .bool(whole.map { $0 != 0 })) : Tensor(shape, .int(whole))
        }
    }
}

extension Tensor {
    var withoutKeys: Tensor { Tensor(shape, values) }
}

extension ScoreColumn.Values {
    /// Pieces of one column, one after the other.
    static func joined(_ parts: [ScoreColumn.Values]) -> ScoreColumn.Values {
        if parts.count == 1 { return parts[0] }
        switch parts.first {
        case .integers: return .integers(parts.flatMap { part -> [Int64] in if case .integers(let v) = part { v } else { [] } })
        case .texts: return .texts(parts.flatMap { part -> [String] in if case .texts(let v) = part { v } else { [] } })
        default:
            var out: [Double] = []
            out.reserveCapacity(parts.reduce(0) { $0 + $1.count })
            for case .numbers(let values) in parts { out += values }
            return .numbers(out)
        }
    }
}
