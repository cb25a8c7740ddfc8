import Vocabulary

@testable import Tables

/// Lines that this reader takes must be objects for the JSON parser of the collectors too, and the other way round.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNDJSON(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count >= 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data + 1, count: count - 1))
    guard let table = try? Table(ndjson: bytes, file: "f", maxErrors: Int(data[0] & 3)) else { return 0 }
    let texts = table.columns
    precondition(texts.count == table.names.count && texts.allSatisfy { $0.count == table.rowCount })
    let lines = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    let split = lines.split(separator: 10, omittingEmptySubsequences: false)
    for line in table.lines {
        guard case .object? = try? JSON.parse(split[line - 1]) else {
            // Beyond a double's range is infinite here and an error there; arrays count as levels of nesting in both.
            precondition(split[line - 1].contains { $0 >= 48 && $0 <= 57 }, "taken, but no object")
            continue
        }
    }
    for name in table.names {
        let numbers = try? table.numbers(name)
        precondition(numbers == nil || numbers?.count == table.rowCount)
        _ = try? table.kind(name)
    }
    return 0
}
