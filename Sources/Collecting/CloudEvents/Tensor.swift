internal import Vocabulary

/// A tensor of the Open Inference Protocol, of one or two dimensions: rows, and columns in them.
///
/// > Source: Open Inference Protocol V2, "Tensor Data"; KServe, "Binary Tensor Data Extension".
struct Tensor {
    enum Datatype: String, CaseIterable {
        case bool = "BOOL", uint8 = "UINT8", uint16 = "UINT16", uint32 = "UINT32", uint64 = "UINT64", int8 = "INT8", int16 = "INT16",
            int32 = "INT32", int64 = "INT64", fp16 = "FP16", bf16 = "BF16", fp32 = "FP32", fp64 = "FP64", bytes = "BYTES"

        /// Bytes of a value in the binary form; nil where each says its own length.
        var size: Int? {
            switch self {
            case .bool, .uint8, .int8: 1
            case .uint16, .int16, .fp16, .bf16: 2
            case .uint32, .int32, .fp32: 4
            case .uint64, .int64, .fp64: 8
            case .bytes: nil
            }
        }
    }
    var name: String
    var rows: Int
    var columns: Int
    var isFlat: Bool
    /// No body that we take holds more.
    private static let dimensionMax: Int64 = 1 << 24
    /// Row after row. Integers, numbers, booleans and texts, by the datatype; null is missing.
    private var values: [JSON]
    /// The names of its columns, where it lists them.
    var columnNames: [String]?

    func value(_ row: Int, _ column: Int) -> JSON { values[row * columns + column] }

    /// - Parameters:
    ///   - path: `inputs[0]`, in errors. - tail: the binary data that is not read yet.
    init(_ json: JSON, path: String, tail: inout ArraySlice<UInt8>) throws(RecordError) {
        guard case .object(let object) = json else { throw RecordError("\(path): expected a tensor, which is an object, got \(json.kind)") }
        guard let name = object["name"]?.stringValue, !name.isEmpty else { throw RecordError("\(path).name: missing, expected a string") }
        self.name = name
        let path = "\(path) (\(name.prefix(60)))"
        guard let word = object["datatype"]?.stringValue, let datatype = Datatype(rawValue: word) else {
            let got = object["datatype"].map { $0.stringValue.map { "\"\($0.prefix(20))\"" } ?? $0.kind } ?? "missing"
            throw RecordError("\(path).datatype: \(got), expected one of \(Datatype.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let shape = (object["shape"]?.arrayValue ?? []).map { $0.intValue ?? -1 }
        guard (1...2).contains(shape.count), shape.allSatisfy({ (0...Self.dimensionMax).contains($0) }), shape.count == 1 || shape[1] > 0
        else {
            throw RecordError("\(path).shape: \(object["shape"]?.text.prefix(60) ?? "missing"), expected [rows] or [rows, columns]")
        }
        rows = Int(shape[0])
        columns = shape.count == 2 ? Int(shape[1]) : 1
        isFlat = shape.count == 1
        values = []
        let count = rows * columns
        let parameters = object["parameters"]
        if let size = parameters?["binary_data_size"] {
            guard object["data"] == nil else { throw RecordError("\(path).data: stands beside binary_data_size, expected one of the two") }
            guard let size = size.intValue, size >= 0 else { throw RecordError("\(path).parameters.binary_data_size: expected a number") }
            guard size <= Int64(tail.count) else {
                throw RecordError("\(path): \(size) bytes of binary data, but \(tail.count) are left behind the JSON object")
            }
            values = try Self.binary(tail.prefix(Int(size)), datatype, count: count, path: path)
            tail = tail.dropFirst(Int(size))
        } else {
            guard let data = object["data"] else { throw RecordError("\(path).data: missing, expected \(count) values") }
            try Self.flatten(data, datatype, path: path, into: &values)
            guard values.count == count else {
                throw RecordError(
                    "\(path).data: \(values.count) values, expected \(count) for shape [\(shape.map(String.init).joined(separator: ", "))]")
            }
        }
        columnNames = try Self.names(parameters?["columns"], path: path + ".parameters.columns")
        if columnNames == nil, columns > 1, case let parts = Self.split(name), parts.count == columns { columnNames = parts }
        if let columnNames, columnNames.count != columns {
            throw RecordError("\(path): \(columns) columns, but \(columnNames.count) names of columns")
        }
    }

    /// A list of names, or text with commas: a parameter of the protocol is no list.
    private static func names(_ json: JSON?, path: String) throws(RecordError) -> [String]? {
        switch json {
        case nil, .null: return nil
        case .string(let text): return split(text)
        case .array(let items) where items.allSatisfy({ $0.stringValue != nil }): return items.compactMap(\.stringValue)
        case .some: throw RecordError("\(path): expected names with commas between them")
        }
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { String($0.drop { $0 == " " }) }
    }

    /// Data may be nested as the shape is, or flat.
    private static func flatten(_ json: JSON, _ datatype: Datatype, path: String, into values: inout [JSON]) throws(RecordError) {
        if case .array(let items) = json {
            for item in items { try flatten(item, datatype, path: path, into: &values) }
            return
        }
        func fault(_ expected: String) -> RecordError {
            RecordError("\(path).data: value \(values.count) is \(json.kind), expected \(expected) for \(datatype.rawValue)")
        }
        switch (datatype, json) {
        case (_, .null): values.append(.null)
        case (.bytes, .string): values.append(json)
        case (.bytes, _): throw fault("a string")
        case (.bool, .bool): values.append(json)
        case (.bool, _):
            guard let number = json.intValue, number == 0 || number == 1 else { throw fault("true or false") }
            values.append(.bool(number == 1))
        case (.fp16, _), (.bf16, _), (.fp32, _), (.fp64, _):
            guard json.stringValue == nil, let number = json.doubleValue else { throw fault("a number") }
            values.append(.number(number))
        default:
            // An unsigned number beyond 2⁶³ has come as a double.
            guard let number = json.doubleValue, number == number.rounded(), json.stringValue == nil else { throw fault("a whole number") }
            values.append(json.intValue.map(JSON.integer) ?? json)
        }
    }

    /// Little-endian, without padding; each text has its length in four bytes before it.
    private static func binary(
        _ bytes: ArraySlice<UInt8>, _ datatype: Datatype, count: Int, path: String
    ) throws(RecordError) -> [JSON] {
        var values: [JSON] = []
        var at = bytes.startIndex
        func little(_ width: Int) -> UInt64 { (0..<width).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) } }
        func number(_ value: Double) -> JSON { value.isNaN ? .null : .number(value) }
        guard let size = datatype.size else {
            while at < bytes.endIndex {
                guard bytes.endIndex - at >= 4, case let length = Int(little(4)), length <= bytes.endIndex - at - 4 else {
                    throw RecordError("\(path): the binary data ends within a value")
                }
                let raw = bytes[at + 4..<at + 4 + length]
                guard !raw.contains(0), let text = String(validating: raw, as: UTF8.self) else {
                    throw RecordError("\(path): value \(values.count) of the binary data is no UTF-8 text")
                }
                values.append(.string(text))
                at += 4 + length
            }
            guard values.count == count else { throw RecordError("\(path): \(values.count) values of binary data, expected \(count)") }
            return values
        }
        guard bytes.count == count * size else {
            throw RecordError(
                "\(path): \(bytes.count) bytes of binary data, expected \(count * size) for \(count) values of \(datatype.rawValue)")
        }
        for _ in 0..<count {
            let bits = little(size)
            at += size
            switch datatype {
            case .bool: values.append(.bool(bits != 0))
            case .uint8, .uint16, .uint32: values.append(.integer(Int64(bits)))
            case .uint64: values.append(Int64(exactly: bits).map(JSON.integer) ?? .number(Double(bits)))
            case .int8: values.append(.integer(Int64(Int8(truncatingIfNeeded: bits))))
            case .int16: values.append(.integer(Int64(Int16(truncatingIfNeeded: bits))))
            case .int32: values.append(.integer(Int64(Int32(truncatingIfNeeded: bits))))
            case .int64: values.append(.integer(Int64(bitPattern: bits)))
            case .fp16: values.append(number(Double(Float16(bitPattern: UInt16(bits)))))
            case .bf16: values.append(number(Double(Float(bitPattern: UInt32(bits) << 16))))
            case .fp32: values.append(number(Double(Float(bitPattern: UInt32(bits)))))
            case .fp64: values.append(number(Double(bitPattern: bits)))
            case .bytes: break
            }
        }
        return values
    }
}
