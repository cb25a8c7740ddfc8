internal import Vocabulary

/// The body of an inference's request or response: a JSON object, and the binary data behind it, if there is some.
struct InferencePayload {
    let object: JSONObject
    var tail: ArraySlice<UInt8> = []

    /// The logger names the request's content type for the response too, and leaves out the header with the object's length: the bytes
    /// themselves say where the object ends.
    init(_ payload: CloudEvent.Payload, contentType: String?) throws(RecordError) {
        let json: JSON
        switch payload {
        case .json(let value): json = value
        case .bytes(let bytes):
            let start = bytes.firstIndex { ![9, 10, 13, 32].contains($0) } ?? bytes.endIndex
            guard start < bytes.endIndex, bytes[start] == UInt8(ascii: "{") else {
                let type = contentType.map { " (content-type \($0.prefix(60)))" } ?? ""
                throw RecordError("data: \(bytes.isEmpty ? "empty" : "no JSON object")\(type), expected the JSON of an inference")
            }
            let end = Self.objectEnd(bytes, from: start)
            do throws(JSONError) { json = try JSON.parse(bytes[..<end]) } catch { throw RecordError("data: not JSON: \(error)") }
            tail = bytes[end...]
            if tail.allSatisfy({ [9, 10, 13, 32].contains($0) }) { tail = [] }
        }
        guard case .object(let object) = json else { throw RecordError("data: expected the JSON object of an inference, got \(json.kind)") }
        self.object = object
    }

    /// Behind the brace that closes the object which begins at `start`; the end of the bytes where none does.
    private static func objectEnd(_ bytes: [UInt8], from start: Int) -> Int {
        var depth = 0
        var isText = false
        var at = start
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\\") where isText: at += 1
            case UInt8(ascii: "\""): isText.toggle()
            case UInt8(ascii: "{") where !isText: depth += 1
            case UInt8(ascii: "}") where !isText:
                depth -= 1
                if depth == 0 { return at + 1 }
            default: break
            }
            at += 1
        }
        return bytes.count
    }

    /// The tensors of a list; nil when the member is no list of tensors, as in protocol V1.
    func tensors(_ key: String) throws(RecordError) -> [Tensor]? {
        guard case .array(let items) = object[key], let first = items.first, first["datatype"] != nil || first["shape"] != nil else {
            return nil
        }
        var tail = tail
        var tensors: [Tensor] = []
        for (i, item) in items.enumerated() {
            let tensor = try Tensor(item, path: "\(key)[\(i)]", tail: &tail)
            if let before = tensors.first, before.rows != tensor.rows {
                throw RecordError(
                    "\(key)[\(i)] (\(tensor.name.prefix(60))): \(tensor.rows) rows, expected \(before.rows) as in \(before.name.prefix(60))"
                )
            }
            tensors.append(tensor)
        }
        guard tail.isEmpty else { throw RecordError("data: \(tail.count) bytes behind the last tensor's binary data") }
        return tensors
    }
}
