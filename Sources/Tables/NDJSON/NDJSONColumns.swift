internal import Kernels

/// The columns of a chunk of an NDJSON file while it is read.
struct NDJSONColumns: Sendable {
    struct Column: Sendable {
        var name: String
        var isKept = true
        var form = Form.unknown
        var isPlain = true
        /// The line that had a value of it last, counted by the lines that were looked at.
        fileprivate var lastSeen = 0
    }
    enum Form { case unknown, numbers, texts, mixed }

    var paths = NDJSONPaths()
    private let missing: Set<[UInt8]>
    private let missingLengths: Set<Int>
    private let onlyTexts: String?
    /// By path: the column, nil while no row was taken that has it.
    private var columnOfPath: [Int?] = [nil]
    private var places: [String: Int] = [:]
    private(set) var columns: [Column] = []
    /// By column, empty where the form is another, and up to the last value that is not missing.
    private(set) var numbers: [[Double]] = []
    private(set) var codes: [[Int32]] = []
    private(set) var levels: [LevelTable?] = []
    private var lineCount = 0

    var count: Int { columns.count }

    init(missing: Set<[UInt8]>, onlyTexts: String?) {
        self.missing = missing
        missingLengths = Set(missing.map(\.count))
        self.onlyTexts = onlyTexts
    }

    /// Takes a row's values. A row that is refused leaves nothing behind.
    mutating func append(_ found: [(path: Int, value: NDJSONParser.Value)], _ bytes: [UInt8], row: Int) throws(NDJSONParser.Failure) {
        while columnOfPath.count < paths.count { columnOfPath.append(nil) }
        lineCount += 1
        var fresh: Set<String> = []
        for (path, value) in found {
            // A key twice, be it plainly or as `a.b` beside `b` within `a`.
            if let column = columnOfPath[path] {
                guard isFirst(column) else { throw twice(columns[column].name) }
            } else {
                let name = paths.name(path)
                guard fresh.insert(name).inserted, places[name].map({ isFirst($0) }) ?? true else { throw twice(name) }
            }
            switch value {
            case .text(let range):
                guard isText(bytes, range) else {
                    throw NDJSONParser.Failure(column: 1, message: "invalid UTF-8 or a zero byte, expected text")
                }
            case .unescaped(let text):
                guard isText(text, text.indices) else {
                    throw NDJSONParser.Failure(column: 1, message: "invalid UTF-8 or a zero byte, expected text")
                }
            default: break
            }
        }
        for (path, value) in found { add(value, bytes, to: column(path), row: row) }
    }

    /// Whether the line had no value of the column before.
    private mutating func isFirst(_ column: Int) -> Bool {
        if columns[column].lastSeen == lineCount { return false }
        columns[column].lastSeen = lineCount
        return true
    }

    private func twice(_ name: String) -> NDJSONParser.Failure {
        NDJSONParser.Failure(column: 1, message: "the key \(name) stands twice in the object, expected each once")
    }

    private mutating func column(_ path: Int) -> Int {
        if let column = columnOfPath[path] { return column }
        let name = paths.name(path)
        let column = places[name] ?? columns.count
        if column == columns.count {
            places[name] = column
            columns.append(Column(name: name, isKept: onlyTexts == nil || onlyTexts == name, form: onlyTexts == name ? .texts : .unknown))
            numbers.append([])
            codes.append([])
            levels.append(nil)
        }
        columnOfPath[path] = column
        return column
    }

    private mutating func add(_ value: NDJSONParser.Value, _ bytes: [UInt8], to c: Int, row: Int) {
        guard columns[c].isKept, columns[c].form != .mixed else { return }
        switch value {
        case .null: return  // what is missing is filled in when a value follows
        case .bool(let bool): text(Array((bool ? "true" : "false").utf8), nil, to: c, row)
        case .number(let range):
            if columns[c].form == .texts, onlyTexts == nil { return mix(c) }
            if onlyTexts != nil { return text(bytes, range, to: c, row) }
            guard let (number, isPlain) = decimalNumber(bytes, range) else { return mix(c) }
            columns[c].form = .numbers
            columns[c].isPlain = columns[c].isPlain && isPlain
            while numbers[c].count < row { numbers[c].append(.nan) }
            numbers[c].append(number)
        case .text(let range): text(bytes, range, to: c, row)
        case .unescaped(let own): text(own, nil, to: c, row)
        }
    }

    private mutating func text(_ bytes: [UInt8], _ range: Range<Int>?, to c: Int, _ row: Int) {
        let range = range ?? bytes.indices
        if range.isEmpty || missingLengths.contains(range.count) && missing.contains(Array(bytes[range])) { return }
        if columns[c].form == .numbers { return mix(c) }
        columns[c].form = .texts
        if levels[c] == nil { levels[c] = LevelTable(seed: UInt64.random(in: .min ... .max)) }
        while codes[c].count < row { codes[c].append(-1) }
        codes[c].append(levels[c]?.code(bytes, range) ?? -1)
    }

    private mutating func mix(_ c: Int) {
        columns[c].form = .mixed
        numbers[c] = []
        codes[c] = []
        levels[c] = nil
    }
}

private func isText(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    if bytes[range].allSatisfy({ $0 < 0x80 && $0 != 0 }) { return true }
    return !bytes[range].contains(0) && String(validating: bytes[range], as: UTF8.self) != nil
}
