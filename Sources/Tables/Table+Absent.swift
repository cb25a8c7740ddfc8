extension Table {
    /// The same table with columns of nothing but missing cells for those of these names that it lacks: in a piece of an NDJSON file a
    /// key may be absent by chance.
    public func adding(absent wanted: [String]) -> Table {
        let known = Set(names)
        var added: [String] = []
        for name in wanted where !known.contains(name) && !added.contains(name) { added.append(name) }
        if added.isEmpty { return self }
        let own = names.count
        let rows = rowCount
        let cells = cells
        let wide = TableCells([TableColumn?](repeating: nil, count: own + added.count)) { index, reading throws(TableError) in
            if index >= own { return .numbers([Double](repeating: .nan, count: rows), isPlain: true) }
            if reading == .parsed { return try cells.column(index) }
            let (codes, levels) = try cells.texts(index)
            return .texts(codes: codes, levels: levels)
        }
        return Table(file: file, names: names + added, rowCount: rows, jumps: jumps, rejected: rejected, cells: wide)
    }
}
