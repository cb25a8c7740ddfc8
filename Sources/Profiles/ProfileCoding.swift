internal import Kernels

extension Profile {
    static let magic = "EKP"
    static let formatVersion: UInt8 = 5
    private static let noCells = FeatureCells.numeric(NumericCells(cellCount: 0))

    /// Compact (empty cells take no room), versioned, with a checksum. Equal profiles give equal bytes.
    public func encoded() -> [UInt8] {
        var out = ByteWriter()
        out.fixed(gridFingerprint)
        out.signed(rows)
        out.signed(errors)
        out.signed(labelled)
        for cells in features {
            switch cells {
            case .numeric(let cells): encode(cells, to: &out)
            case .categorical(let cells):
                out.sparse(cells.counts)
                out.signed(cells.missing)
                encode(cells.unseen, to: &out)
            case .vector(let cells):
                encode(cells.norm, to: &out)
                cells.joint?.encode(to: &out)
            }
        }
        encode(score, to: &out)
        encode(outcomes, to: &out)
        residuals.encode(to: &out) { $0.encode(to: &$1) }
        classes.encode(to: &out) { $0.encode(to: &$1) }
        out.count(measures.count)
        for (name, cells) in measures.sorted(by: { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }) {
            out.string(name)
            out.count(cells.counts.count)
            for (bucket, count) in cells.counts.sorted(by: { $0.key < $1.key }) {
                out.signed(Int64(bucket))
                out.signed(count)
            }
            out.signed(cells.missing)
            out.sum(cells.sum)
        }
        joint?.encode(to: &out)
        return out.sealed(magic: Profile.magic, version: Profile.formatVersion)
    }

    /// - Throws: ``EncodingError`` for bytes that are damaged, of another version, or counted on another grid.
    public init(encoded: [UInt8], grid: ProfileGrid) throws(EncodingError) {
        self.init(grid: grid)
        try add(encoded: encoded, grid: grid)
    }

    /// Adds a stored profile of the same grid, as ``merge(_:grid:)`` adds one in memory, without making its empty cells: of the thousands that a
    /// column may have a minute or an hour of traffic fills few.
    ///
    /// - Throws: ``EncodingError`` as ``init(encoded:grid:)``; then this profile holds a part of it and is to be thrown away.
    public mutating func add(encoded: [UInt8], grid: ProfileGrid) throws(EncodingError) {
        precondition(grid.fingerprint == gridFingerprint, "profiles add on one grid only")
        var input = try ByteReader(sealed: encoded, magic: Profile.magic, version: Profile.formatVersion)
        guard try input.fixed() == grid.fingerprint else { throw EncodingError("counted on another grid") }
        let (before, theirs) = (rows, try input.signed())
        rows += theirs
        errors += try input.signed()
        labelled += try input.signed()
        for i in features.indices {
            switch features[i] {
            case .numeric(var cells):
                // Left in its place it would be copied.
                features[i] = Profile.noCells
                try input.add(to: &cells)
                features[i] = .numeric(cells)
            case .categorical(var cells):
                features[i] = Profile.noCells
                try input.sparse(addedTo: &cells.counts)
                cells.missing += try input.signed()
                cells.unseen.merge(try decodeTally(limit: cells.unseen.limit, &input))
                features[i] = .categorical(cells)
            case .vector(var cells):
                features[i] = Profile.noCells
                try input.add(to: &cells.norm)
                try cells.joint?.add(&input)
                features[i] = .vector(cells)
            }
        }
        try input.add(to: &score)
        let part = try decodeOutcomes(cellCount: grid.score.cellCount, attributes: grid.attributes.count, &input)
        outcomes.merge(part, attributes: grid.attributes)
        let errorSums = try GroupTable.decode(attributes: grid.attributes.count, &input) { input throws(EncodingError) in
            try ErrorSums(&input)
        }
        residuals.merge(errorSums, attributes: grid.attributes)
        var classCount = 0
        if case .classes(let count) = grid.outcome { classCount = count }
        let classCounts = try GroupTable.decode(attributes: grid.attributes.count, &input) { [classCount] input throws(EncodingError) in
            try ClassCounts(&input, classes: classCount)
        }
        classes.merge(classCounts, attributes: grid.attributes)
        try merge(decodeMeasures(&input), rows: theirs, into: before)
        try joint?.add(&input)
        try input.finish()
    }
}

private func decodeMeasures(_ input: inout ByteReader) throws(EncodingError) -> [String: MeasureCells] {
    var measures: [String: MeasureCells] = [:]
    for _ in 0..<(try input.count()) {
        let name = try input.string()
        var cells = MeasureCells()
        for _ in 0..<(try input.count()) {
            guard let bucket = Int32(exactly: try input.signed()) else { throw EncodingError("a bucket is out of range") }
            cells.counts[bucket] = try input.signed()
        }
        cells.missing = try input.signed()
        cells.sum = try input.sum()
        measures[name] = cells
    }
    return measures
}

private func encode(_ cells: NumericCells, to out: inout ByteWriter) {
    out.sparse(cells.counts)
    out.signed(cells.missing)
    out.signed(cells.finite)
    out.sum(cells.sum)
    out.sum(cells.sumOfSquares)
    out.double(cells.minimum)
    out.double(cells.maximum)
}

extension ByteWriter {
    mutating func sum(_ sum: ExactSum) {
        let digits = sum.canonicalDigits
        count(digits.count)
        for (index, digit) in digits {
            count(index)
            signed(digit)
        }
    }
}

extension ByteReader {
    mutating func add(to cells: inout NumericCells) throws(EncodingError) {
        try sparse(addedTo: &cells.counts)
        cells.missing += try signed()
        cells.finite += try signed()
        try add(to: &cells.sum)
        try add(to: &cells.sumOfSquares)
        cells.minimum = Swift.min(cells.minimum, try double())
        cells.maximum = Swift.max(cells.maximum, try double())
    }

    mutating func add(to sum: inout ExactSum) throws(EncodingError) {
        for _ in 0..<(try count()) {
            let index = Int(truncatingIfNeeded: try number())
            guard sum.add(canonicalDigit: try signed(), at: index) else { throw EncodingError("a sum is out of range") }
        }
    }

    mutating func sum() throws(EncodingError) -> ExactSum {
        var sum = ExactSum()
        try add(to: &sum)
        return sum
    }
}

private func encode(_ tally: NameTally, to out: inout ByteWriter) {
    out.count(tally.counts.count)
    for (name, count) in tally.counts.sorted(by: { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }) {
        out.string(name)
        out.signed(count)
    }
    out.signed(tally.rest)
    out.optional(tally.cutoffHash)
}

private func decodeTally(limit: Int, _ input: inout ByteReader) throws(EncodingError) -> NameTally {
    var counts: [String: Int64] = [:]
    for _ in 0..<(try input.count()) {
        let name = try input.string()
        counts[name] = try input.signed()
    }
    let rest = try input.signed()
    return NameTally(limit: limit, counts: counts, rest: rest, cutoff: try input.optional())
}

private func encode(_ outcomes: Outcomes, to out: inout ByteWriter) {
    out.count(outcomes.strata.count)
    for (stratum, scores) in outcomes.strata.sorted(by: { $0.key < $1.key }) {
        out.byte(stratum.label.rawValue)
        out.byte(stratum.decision.map { $0 ? 1 : 0 } ?? 2)
        out.group(stratum.group)
        out.count(scores.cells.count)
        var last: UInt32 = 0
        for (cell, entry) in scores.cells {
            out.unsigned(cell - last)
            out.signed(entry.count)
            out.signed(entry.sum)
            last = cell
        }
        out.signed(scores.unscored)
        out.signed(scores.outsideUnit)
        out.signed(scores.sumOfSquares)
        out.signed(scores.logLoss)
    }
    out.optional(outcomes.cutoff)
}

private func decodeOutcomes(cellCount: Int, attributes: Int, _ input: inout ByteReader) throws(EncodingError) -> Outcomes {
    var strata: [Stratum: ScoreCells] = [:]
    for _ in 0..<(try input.count()) {
        guard let label = Stratum.Label(rawValue: try input.byte()) else { throw EncodingError("an unknown kind of label") }
        let decision = try input.byte()
        let group = try input.group(attributes)
        var scores = ScoreCells()
        var cell: UInt64 = 0
        for place in 0..<(try input.count()) {
            let gap = try input.number()
            guard gap < UInt64(cellCount) - cell, gap > 0 || place == 0 else { throw EncodingError("a cell is out of range") }
            cell += gap
            let count = try input.signed()
            scores.cells.append(UInt32(cell), ScoreCells.Cell(count: count, sum: try input.wide()))
        }
        scores.unscored = try input.signed()
        scores.outsideUnit = try input.signed()
        scores.sumOfSquares = try input.wide()
        scores.logLoss = try input.wide()
        strata[Stratum(label: label, decision: decision == 2 ? nil : decision == 1, group: group)] = scores
    }
    return Outcomes(strata: strata, cutoff: try input.optional())
}
