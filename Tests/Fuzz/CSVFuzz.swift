import Vocabulary

@testable import Tables

/// The first bytes choose how the file is cut; whatever they say, the table must be the one that the plain reader gives.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCSV(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count >= 2 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data + 2, count: count - 2))
    let chunkBytes = data[0] < 200 ? Int(data[0]) + 1 : 1 << 16
    let isWide = data[1] & 1 == 0
    let maxErrors = Int(data[1] >> 1 & 3)

    if maxErrors == 0 {
        compare(bytes, read(bytes, 0, chunkBytes, isWide))
    } else {
        // No plain reader for these: two ways of cutting against each other.
        let a = read(bytes, maxErrors, chunkBytes, isWide)
        let b = read(bytes, maxErrors, 1 << 16, !isWide)
        switch (a, b) {
        case (.success(let a), .success(let b)):
            precondition(a.names == b.names && a.columns == b.columns && a.lines == b.lines && a.rejected == b.rejected)
        case (.failure(let a), .failure(let b)): precondition(a == b, "\(a) | \(b)")
        default: preconditionFailure("taken by one way of cutting only")
        }
    }
    return 0
}

private func read(_ bytes: [UInt8], _ maxErrors: Int, _ chunkBytes: Int, _ isWide: Bool) -> Result<Table, TableError> {
    Result { () throws(TableError) in
        try Table(bytes, file: "f", maxErrors: maxErrors, threads: 1, chunkBytes: chunkBytes, isWide: isWide)
    }
}

private func compare(_ bytes: [UInt8], _ read: Result<Table, TableError>) {
    let plain: PlainTable
    do throws(TableError) { plain = try PlainTable(bytes, file: "f") } catch {
        guard case .failure(let own) = read else { preconditionFailure("taken, expected \(error)") }
        precondition(own == error, "\(own), expected \(error)")
        return
    }
    guard case .success(let table) = read else { preconditionFailure("refused") }
    precondition(table.names == plain.names)
    precondition(table.lines == plain.lines)
    precondition(table.columns == plain.columns)
    for (c, name) in plain.names.enumerated() {
        let numbers = plain.columns[c].map { $0.map { plainNumber($0) } ?? .some(.nan) }
        let own = try? table.numbers(name)
        precondition((own == nil) == numbers.contains(nil))
        if let own { precondition(own.map(\.bitPattern) == numbers.map { ($0 ?? 0).bitPattern }) }
        precondition((try? table.kind(name)) == inferKind(plain.columns[c]))
    }
}
