internal import Tables
internal import Vocabulary

/// Vectors in files: a column of JSON arrays, or a column for each coordinate, `name.0`, `name.1`, … (as NDJSON has the items of an array).
extension FeatureSchema {
    /// The columns of a file that hold a feature.
    static func columns(of feature: Feature, in names: [String]) -> [String] {
        if feature.kind != .vector || names.contains(feature.name) { return [feature.name] }
        return (0..<feature.dimension).map { "\(feature.name).\($0)" }
    }
}

extension CSVTable {
    /// - Throws: ``TableError`` with file, line and column for a cell that is no vector of this length.
    func vectors(_ feature: Feature) throws(TableError) -> VectorColumn {
        var out = VectorColumn(dimension: feature.dimension)
        let names = FeatureSchema.columns(of: feature, in: self.names)
        func fault(_ row: Int, _ name: String, _ message: String) -> TableError {
            TableError(file: file, line: lines[row], column: (self.names.firstIndex(of: name) ?? 0) + 1, message: message)
        }
        guard names == [feature.name] else {
            var columns: [[Double]] = []
            for name in names { columns.append(try numbers(name)) }
            for row in 0..<rowCount {
                let values = columns.map { $0[row] }
                if values.allSatisfy(\.isNaN) { out.append(nil); continue }
                if let place = values.firstIndex(where: { !$0.isFinite }) {
                    throw fault(
                        row, names[place], "\(values[place]) in \(names[place]), expected a finite number, or none in the whole vector")
                }
                out.append(values)
            }
            return out
        }
        for (row, text) in try requiredColumn(feature.name).enumerated() {
            guard let text else { out.append(nil); continue }
            let json: JSON
            do throws(JSONError) { json = try JSON.parse(Array(text.utf8)[...]) } catch {
                throw fault(row, feature.name, "no JSON array in \(feature.name), expected \(feature.dimension) numbers")
            }
            do throws(RecordError) { out.append(try feature.vector(json, path: feature.name)) } catch {
                throw fault(row, feature.name, error.message)
            }
        }
        return out
    }
}

extension Feature {
    /// A vector of this feature's length; nil for a missing one.
    func vector(_ json: JSON, path: String) throws(RecordError) -> [Double]? {
        if json == .null { return nil }
        guard case .array(let items) = json else {
            throw RecordError("\(path): expected an array of \(dimension) numbers or null, got \(json.kind)")
        }
        guard items.count == dimension else { throw RecordError("\(path): \(items.count) numbers, expected \(dimension)") }
        var out: [Double] = []
        out.reserveCapacity(dimension)
        for (i, item) in items.enumerated() {
            guard let number = item.doubleValue, item.stringValue == nil, number.isFinite else {
                throw RecordError("\(path)[\(i)]: expected a number, got \(item.kind)")
            }
            out.append(number)
        }
        return out
    }
}
