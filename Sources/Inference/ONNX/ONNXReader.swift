/// Reads ONNX files into a graph of operators.
///
/// > Source: onnx/onnx.proto3, IR version 13. Field numbers below are those of that file.
struct ONNXReader {
    let file: String
    /// Where ONNX Runtime's library is, for what we have no kernels for; nil for none.
    var runtime: String?

    /// Whether the bytes begin as a ModelProto may: with a field that it has.
    static func isLikely(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first else { return false }
        return [0, 2].contains(first & 7) && [1, 2, 3, 4, 5, 6, 7, 8, 14].contains(first >> 3)
    }

    func read(_ bytes: [UInt8]) throws(InferenceError) -> Model {
        var reader = Protobuf(bytes, file: file)
        var graph: Range<Int>?
        var opsets: [String: Int] = [:]
        while let field = try reader.next() {
            switch (field.number, field.range) {
            case (7, let range?): graph = range
            case (8, let range?):
                var part = reader.within(range)
                var (domain, version) = ("", 1)
                while let inner = try part.next() {
                    if inner.number == 1 { domain = part.text(inner) }
                    if inner.number == 2 { version = Int(truncatingIfNeeded: inner.value) }
                }
                opsets[domain == "ai.onnx" ? "" : domain] = version
            default: break
            }
        }
        guard let graph else { throw reader.malformed("no graph, expected an ONNX model") }
        do throws(InferenceError) {
            return try read(graph: reader.within(graph), opsets: opsets)
        } catch {
            guard error.code == .unsupported, let runtime else { throw error }
            guard let library = ONNXRuntime.at(runtime) else {
                throw InferenceError(.unsupported, file: file, place: error.place, "\(error.message); \(ONNXRuntime.advice)")
            }
            return try read(bytes, in: library)
        }
    }

    /// The same, whatever operators there are, to be run by ONNX Runtime.
    func read(_ bytes: [UInt8], in library: ONNXRuntime) throws(InferenceError) -> Model {
        try refuseOtherFiles(Protobuf(bytes, file: file), as: .model, depth: 0)
        var reader = Protobuf(bytes, file: file)
        while let field = try reader.next() {
            if field.number == 7, let range = field.range { return try read(graph: reader.within(range), of: bytes, with: library) }
        }
        throw reader.malformed("no graph, expected an ONNX model")
    }

    /// The messages of a model within which a tensor may be, and the fields that lead from one to the other.
    private enum Message {
        case model, graph, function, node, attribute, sparse, tensor

        func field(_ number: Int) -> Message? {
            switch (self, number) {
            case (.model, 7), (.attribute, 6), (.attribute, 11): .graph
            case (.model, 25): .function
            case (.graph, 1), (.function, 7): .node
            case (.node, 5), (.function, 11): .attribute
            case (.graph, 15), (.attribute, 22), (.attribute, 23): .sparse
            case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparse, 1), (.sparse, 2): .tensor
            default: nil
            }
        }
    }

    /// ONNX Runtime would read whatever file a tensor names, wherever in the model it is.
    private func refuseOtherFiles(_ part: Protobuf, as message: Message, depth: Int) throws(InferenceError) {
        guard depth <= InferenceLimits.nesting else {
            throw InferenceError(.limit, file: file, "nested deeper than \(InferenceLimits.nesting) levels")
        }
        var reader = part
        while let field = try reader.next() {
            // Where the data is: fields of a tensor for the names of files, and for that there are some.
            if message == .tensor, field.number == 13 || (field.number == 14 && field.value != 0) {
                throw InferenceError(.unsupported, file: file, place: "graph", "data in another file")
            }
            if let inner = message.field(field.number), let range = field.range {
                try refuseOtherFiles(reader.within(range), as: inner, depth: depth + 1)
            }
        }
    }

    /// A graph that ONNX Runtime runs: what goes in and what comes out is all that is read here.
    private func read(graph: Protobuf, of bytes: [UInt8], with library: ONNXRuntime) throws(InferenceError) -> Model {
        var reader = graph
        var (types, constants): ([String], Set<String>) = ([], [])
        var (inputs, outputs): ([ValueInfo], [ValueInfo]) = ([], [])
        while let field = try reader.next() {
            guard let range = field.range else { continue }
            var part = reader.within(range)
            switch field.number {
            case 1: while let inner = try part.next() { if inner.number == 4 { types.append(part.text(inner)) } }
            case 5:
                while let inner = try part.next() { if inner.number == 8 { constants.insert(part.text(inner)) } }
            case 11: inputs.append(try valueInfo(part))
            case 12: outputs.append(try valueInfo(part))
            default: break
            }
        }
        let session: RuntimeSession
        do { session = try RuntimeSession(bytes, library) } catch { throw InferenceError(.malformed, file: file, error.message) }
        let builder = GraphBuilder(file: file, opsets: [:])
        return try builder.model(types, inputs.filter { !constants.contains($0.name) }, outputs, session)
    }

    private func read(graph: Protobuf, opsets: [String: Int]) throws(InferenceError) -> Model {
        let whole = try graphProto(graph, depth: 0)
        var builder = GraphBuilder(file: file, opsets: opsets)
        builder.constants = whole.constants
        return try builder.model(nodes: whole.nodes, inputs: whole.inputs, outputs: whole.outputs)
    }

    private func graphProto(_ graph: Protobuf, depth: Int) throws(InferenceError) -> GraphProto {
        guard depth <= InferenceLimits.nesting else {
            throw InferenceError(.limit, file: file, place: "graph", "nested deeper than \(InferenceLimits.nesting) levels")
        }
        var (reader, out) = (graph, GraphProto())
        while let field = try reader.next() {
            guard let range = field.range else { continue }
            switch field.number {
            case 1:
                guard out.nodes.count < InferenceLimits.parts else { throw reader.malformed("more than \(InferenceLimits.parts) nodes") }
                out.nodes.append(try node(reader.within(range), depth: depth))
            case 5:
                let (name, tensor) = try tensor(reader.within(range))
                out.constants[name] = tensor
            case 11: out.inputs.append(try valueInfo(reader.within(range)))
            case 12: out.outputs.append(try valueInfo(reader.within(range)))
            case 15: throw InferenceError(.unsupported, file: file, place: "graph", "sparse initializers")
            default: break
            }
        }
        return out
    }

    struct GraphProto {
        var nodes: [NodeProto] = []
        var constants: [String: Tensor] = [:]
        var inputs: [ValueInfo] = []
        var outputs: [ValueInfo] = []
    }

    struct NodeProto {
        var inputs: [String] = []
        var outputs: [String] = []
        var name = ""
        var type = ""
        var domain = ""
        var attributes: [String: Attribute] = [:]
    }

    struct ValueInfo {
        var name = ""
        var isTensor = false
        var type = 0
        /// A negative size is not fixed.
        var shape: [Int] = []
    }

    enum Attribute {
        case float(Float)
        case int(Int64)
        case text(String)
        case tensor(Tensor)
        case floats([Float])
        case ints([Int64])
        case texts([String])
        case graph(GraphProto)
        case other
    }

    private func node(_ part: Protobuf, depth: Int) throws(InferenceError) -> NodeProto {
        var reader = part
        var out = NodeProto()
        while let field = try reader.next() {
            switch field.number {
            case 1: out.inputs.append(reader.text(field))
            case 2: out.outputs.append(reader.text(field))
            case 3: out.name = reader.text(field)
            case 4: out.type = reader.text(field)
            case 5:
                if let range = field.range {
                    let (name, value) = try attribute(reader.within(range), depth: depth)
                    out.attributes[name] = value
                }
            case 7: out.domain = reader.text(field)
            default: break
            }
        }
        return out
    }

    private func attribute(_ part: Protobuf, depth: Int) throws(InferenceError) -> (String, Attribute) {
        var reader = part
        var (name, type) = ("", 0)
        var (float, int, text) = (Float(0), Int64(0), "")
        var (value, graph): (Tensor?, GraphProto?) = (nil, nil)
        var (floats, ints, texts): ([Float], [Int64], [String]) = ([], [], [])
        while let field = try reader.next() {
            switch field.number {
            case 1: name = reader.text(field)
            case 2: float = Float(bitPattern: UInt32(truncatingIfNeeded: field.value))
            case 3: int = Int64(bitPattern: field.value)
            case 4: text = reader.text(field)
            case 5: if let range = field.range { value = try tensor(reader.within(range)).1 }
            case 6: if let range = field.range { graph = try graphProto(reader.within(range), depth: depth + 1) }
            case 7: try reader.append(field, to: &floats)
            case 8: try reader.append(field, to: &ints)
            case 9: texts.append(reader.text(field))
            case 20: type = Int(truncatingIfNeeded: field.value)
            default: break
            }
        }
        switch type {
        case 1: return (name, .float(float))
        case 2: return (name, .int(int))
        case 3: return (name, .text(text))
        case 4: return (name, value.map(Attribute.tensor) ?? .other)
        case 5: return (name, graph.map(Attribute.graph) ?? .other)
        case 6: return (name, .floats(floats))
        case 7: return (name, .ints(ints))
        case 8: return (name, .texts(texts))
        default: return (name, .other)
        }
    }

    private func valueInfo(_ part: Protobuf) throws(InferenceError) -> ValueInfo {
        var reader = part
        var out = ValueInfo()
        while let field = try reader.next() {
            if field.number == 1 { out.name = reader.text(field) }
            guard field.number == 2, let type = field.range else { continue }
            var types = reader.within(type)
            while let kind = try types.next() {
                guard kind.number == 1, let range = kind.range else { continue }
                out.isTensor = true
                var tensor = types.within(range)
                while let inner = try tensor.next() {
                    if inner.number == 1 { out.type = Int(truncatingIfNeeded: inner.value) }
                    if inner.number == 2, let shape = inner.range { out.shape = try dimensions(tensor.within(shape)) }
                }
            }
        }
        return out
    }

    private func dimensions(_ part: Protobuf) throws(InferenceError) -> [Int] {
        var reader = part
        var out: [Int] = []
        while let field = try reader.next() {
            guard field.number == 1, let range = field.range else { continue }
            var size = -1
            var inner = reader.within(range)
            while let value = try inner.next() { if value.number == 1 { size = Int(truncatingIfNeeded: value.value) } }
            out.append(size)
        }
        return out
    }

    private func tensor(_ part: Protobuf) throws(InferenceError) -> (String, Tensor) {
        var reader = part
        var (name, type) = ("", 0)
        var (dims, small, whole): ([Int64], [Int64], [Int64]) = ([], [], [])
        var (floats, doubles, texts): ([Float], [Double], [String]) = ([], [], [])
        var raw: Range<Int>?
        while let field = try reader.next() {
            switch field.number {
            case 1: try reader.append(field, to: &dims)
            case 2: type = Int(truncatingIfNeeded: field.value)
            case 4: try reader.append(field, to: &floats)
            case 5: try reader.append(field, to: &small)
            case 6: texts.append(reader.text(field))
            case 7: try reader.append(field, to: &whole)
            case 8: name = reader.text(field)
            case 9: raw = field.range
            case 10: try reader.append(field, to: &doubles)
            case 13: throw InferenceError(.unsupported, file: file, place: "tensor \(name)", "data in another file")
            default: break
            }
        }
        let values: Tensor.Values
        switch type {
        case 1:
            values = .float(
                try raw.map { r throws(InferenceError) in try reader.raw(r, size: 4).map { Float(bitPattern: UInt32($0)) } } ?? floats)
        case 11:
            values = .double(
                try raw.map { r throws(InferenceError) in try reader.raw(r, size: 8).map { Double(bitPattern: $0) } } ?? doubles)
        case 7: values = .int(try raw.map { r throws(InferenceError) in try reader.raw(r, size: 8).map { Int64(bitPattern: $0) } } ?? whole)
        case 6:
            values = .int(
                try raw.map { r throws(InferenceError) in try reader.raw(r, size: 4).map { Int64(Int32(truncatingIfNeeded: $0)) } } ?? small
            )
        case 2, 3:
            let bytes = try raw.map { r throws(InferenceError) in try reader.raw(r, size: 1).map { Int64($0) } }
            values = .int(bytes.map { list in type == 3 ? list.map { Int64(Int8(truncatingIfNeeded: $0)) } : list } ?? small)
        case 9:
            values = .bool(try raw.map { r throws(InferenceError) in try reader.raw(r, size: 1).map { $0 != 0 } } ?? small.map { $0 != 0 })
        case 8: values = .text(texts)
        default: throw InferenceError(.unsupported, file: file, place: "tensor \(name)", "element type \(type)")
        }
        let out = Tensor(dims.map { Int($0) }, values)
        guard Shape.count(out.shape) == out.count else {
            throw reader.malformed("tensor \(name) has \(out.count) elements, expected as many as its shape \(out.shape.prefix(8)) says")
        }
        return (name, out)
    }
}
