internal import Tables

/// A column as codes of its distinct texts: what a million rows with few values are counted by.
struct CodedColumn {
    /// By row; negative is missing.
    var codes: [Int32]
    /// May hold texts that no row has.
    var names: [String]

    var count: Int { codes.count }
    subscript(row: Int) -> String? { codes[row] < 0 ? nil : names[Int(codes[row])] }

    /// The texts that some row has, with the first such row, in the order of these rows.
    var present: [(code: Int, row: Int)] {
        var first = [Int](repeating: -1, count: names.count)
        for (row, code) in codes.enumerated() where code >= 0 && first[Int(code)] < 0 { first[Int(code)] = row }
        return first.enumerated().filter { $0.element >= 0 }.map { ($0.offset, $0.element) }.sorted { $0.row < $1.row }
    }

    /// A value for each row, made once for each text that some row has, in the order of their first rows.
    func map<T>(missing: T, _ value: (_ text: String, _ row: Int) throws -> T) rethrows -> [T] {
        var values = [T](repeating: missing, count: names.count)
        for (code, row) in present { values[code] = try value(names[code], row) }
        return codes.map { $0 < 0 ? missing : values[Int($0)] }
    }

    func taking(_ rows: [Int]) -> CodedColumn {
        rows.count == codes.count ? self : CodedColumn(codes: rows.map { codes[$0] }, names: names)
    }

    /// The texts that some row has in code-point order, each once, and the code of each row; negative is missing.
    func ordered() -> (names: [String], codes: [Int32]) {
        let used = present.map { names[$0.code] }
        let sorted = Set(used).sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        let places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) })
        return (sorted, map(missing: -1) { text, _ in places[text] ?? -1 })
    }

    /// The rows of both, one column after the other.
    static func + (a: CodedColumn, b: CodedColumn) -> CodedColumn {
        let shift = Int32(truncatingIfNeeded: a.names.count)
        return CodedColumn(codes: a.codes + b.codes.map { $0 < 0 ? -1 : $0 + shift }, names: a.names + b.names)
    }
}

extension Frame {
    /// - Throws: ``TableError`` when there is no such column; it names those that there are.
    func coded(_ column: String) throws(TableError) -> CodedColumn {
        let (codes, names) = try levels(column)
        return CodedColumn(codes: codes, names: names)
    }

    /// The same of a yes and a no. A few numbers such as 1.0 and 0.0 are not read from the file once more for the way they are written.
    func codedOutcomes(_ column: String) throws(TableError) -> CodedColumn {
        guard let numbers = try fewNumbers(column) else { return try coded(column) }
        return numbers
    }

    private func fewNumbers(_ column: String) throws(TableError) -> CodedColumn? {
        guard let numbers = try fractions(column) else { return nil }
        var found: [Double] = []
        var codes: [Int32] = []
        codes.reserveCapacity(numbers.count)
        for number in numbers {
            if number.isNaN { codes.append(-1); continue }
            if let code = found.firstIndex(of: number) { codes.append(Int32(truncatingIfNeeded: code)); continue }
            if found.count == 4 { return nil }
            codes.append(Int32(truncatingIfNeeded: found.count))
            found.append(number)
        }
        return CodedColumn(codes: codes, names: found.map { "\($0)" })
    }
}
