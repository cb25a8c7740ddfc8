/// A graph that ONNX Runtime runs.
///
/// Unchecked: the handle is only passed on, and a session may be run by several threads at once (ONNX Runtime's promise).
@safe final class RuntimeSession: @unchecked Sendable {
    private typealias Handle = ONNXRuntime.Handle
    private typealias Status = ONNXRuntime.Status
    private typealias Made = ONNXRuntime.Made
    typealias Failure = ONNXRuntime.Failure

    private let runtime: ONNXRuntime
    private let session: ONNXRuntime.Handle

    /// - Throws: ``ONNXRuntime/Failure`` when ONNX Runtime does not take the model.
    init(_ model: [UInt8], _ runtime: ONNXRuntime) throws(Failure) {
        self.runtime = runtime
        let options = try unsafe runtime.make { made in
            unsafe runtime.function(.createOptions, (@convention(c) (Made) -> Status).self)(made)
        }
        defer { unsafe runtime.release(.releaseOptions, options) }
        // One thread each: rows are shared among ours, and the same rows give the same sums.
        for place in [ONNXRuntime.Function.setThreads, .setThreadsBetween] {
            try unsafe runtime.check(unsafe runtime.function(place, (@convention(c) (Handle, Int32) -> Status).self)(options, 1))
        }
        typealias Create = @convention(c) (Handle, UnsafePointer<UInt8>, Int, Handle, Made) -> Status
        unsafe session = try unsafe runtime.make { made in
            unsafe runtime.function(.createSession, Create.self)(runtime.environment, model, model.count, options, made)
        }
    }

    deinit { unsafe runtime.release(.releaseSession, session) }

    /// Runs the graph.
    /// - Parameter inputs: by name, with the element type that the graph declares.
    func run(_ inputs: [(name: String, type: Int, tensor: Tensor)], outputs: [String]) throws(Failure) -> [Tensor] {
        var values: [Handle?] = unsafe []
        defer { for i in unsafe values.indices { if let value = unsafe values[i] { unsafe runtime.release(.releaseValue, value) } } }
        // The values look into these bytes, which so must live until the graph has run.
        var bytes: [UnsafeMutableRawBufferPointer] = unsafe []
        defer { for i in unsafe bytes.indices { unsafe bytes[i].deallocate() } }
        for input in inputs { unsafe values.append(try value(input.tensor, input.type, &bytes)) }
        let results = try unsafe called(inputs.map(\.name), values, outputs)
        unsafe values += unsafe results
        var out: [Tensor] = []
        for i in unsafe results.indices {
            guard let result = unsafe results[i] else { throw Failure(message: "ONNX Runtime left an output out") }
            out.append(try unsafe tensor(of: result))
        }
        return out
    }

    private func called(_ names: [String], _ values: [Handle?], _ outputs: [String]) throws(Failure) -> [Handle?] {
        typealias Names = UnsafePointer<UnsafePointer<CChar>?>
        typealias Run = @convention(c) (Handle, OpaquePointer?, Names, UnsafePointer<Handle?>, Int, Names, Int, Made) -> Status
        var results = unsafe [Handle?](repeating: nil, count: outputs.count)
        let status = unsafe Self.withTexts(names) { names in
            unsafe Self.withTexts(outputs) { outputs in
                unsafe runtime.function(.run, Run.self)(session, nil, names, values, values.count, outputs, results.count, &results)
            }
        }
        try unsafe runtime.check(status)
        return unsafe results
    }

    private static func withTexts<T>(_ texts: [String], _ work: (UnsafePointer<UnsafePointer<CChar>?>) -> T) -> T {
        let copies = unsafe texts.map { text in
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count + 1)
            _ = unsafe copy.initialize(from: text.utf8CString)
            return unsafe copy
        }
        defer { for i in unsafe copies.indices { unsafe copies[i].deallocate() } }
        return unsafe work(copies.map { unsafe UnsafePointer($0.baseAddress) })
    }

    // MARK: - In

    private func value(_ tensor: Tensor, _ type: Int, _ bytes: inout [UnsafeMutableRawBufferPointer]) throws(Failure) -> Handle {
        let shape = tensor.shape.map { Int64($0) }
        func keep<T>(_ values: [T]) {
            let part = UnsafeMutableRawBufferPointer.allocate(byteCount: max(values.count * MemoryLayout<T>.stride, 1), alignment: 64)
            unsafe values.withUnsafeBytes { unsafe part.copyMemory(from: $0) }
            unsafe bytes.append(part)
        }
        switch tensor.values {
        case .float(let v): keep(v)
        case .double(let v): keep(v)
        case .int(let v): if type == 6 { keep(v.map { Int32(truncatingIfNeeded: $0) }) } else { keep(v) }
        case .bool(let v): keep(v.map { $0 ? UInt8(1) : 0 })
        case .text(let texts): return try unsafe value(texts, shape)
        }
        let part = unsafe bytes[bytes.count - 1]
        let size = tensor.count == 0 ? 0 : part.count
        typealias Create = @convention(c) (Handle, UnsafeMutableRawPointer?, Int, UnsafePointer<Int64>, Int, Int32, Made) -> Status
        return try unsafe runtime.make { made in
            unsafe runtime.function(.createTensorWithData, Create.self)(
                runtime.memory, part.baseAddress, size, shape, shape.count, Int32(type), made)
        }
    }

    private func value(_ texts: [String], _ shape: [Int64]) throws(Failure) -> Handle {
        typealias Create = @convention(c) (Handle, UnsafePointer<Int64>, Int, Int32, Made) -> Status
        let value = try unsafe runtime.make { made in
            unsafe runtime.function(.createTensor, Create.self)(runtime.allocator, shape, shape.count, 8, made)
        }
        typealias Fill = @convention(c) (Handle, UnsafePointer<UnsafePointer<CChar>?>, Int) -> Status
        let status = unsafe Self.withTexts(texts) { unsafe runtime.function(.fillTexts, Fill.self)(value, $0, texts.count) }
        do { try unsafe runtime.check(status) } catch {
            unsafe runtime.release(.releaseValue, value)
            throw error
        }
        return unsafe value
    }

    // MARK: - Out

    private func number<T: FixedWidthInteger>(_ place: ONNXRuntime.Function, _ handle: Handle, _ type: T.Type) throws(Failure) -> T {
        var out: T = 0
        try unsafe runtime.check(
            unsafe runtime.function(place, (@convention(c) (Handle, UnsafeMutableRawPointer) -> Status).self)(handle, &out))
        return out
    }

    private func item(_ number: Int, of value: Handle) throws(Failure) -> Handle {
        typealias Item = @convention(c) (Handle, Int32, Handle, Made) -> Status
        return try unsafe runtime.make { made in
            unsafe runtime.function(.item, Item.self)(value, Int32(number), runtime.allocator, made)
        }
    }

    /// A tensor, or a row of maps as a ZipMap makes them: a matrix with a name for each column.
    private func tensor(of value: Handle) throws(Failure) -> Tensor {
        switch try unsafe number(.kind, value, Int32.self) {
        case 1: return try unsafe plain(value)
        case 2:
            let rows = try unsafe number(.itemCount, value, Int.self)
            var (keys, all): ([String], [Double]) = ([], [])
            for row in 0..<rows {
                let map = try unsafe item(row, of: value)
                defer { unsafe runtime.release(.releaseValue, map) }
                guard try unsafe number(.kind, map, Int32.self) == 3 else { break }
                let names = try unsafe item(0, of: map)
                defer { unsafe runtime.release(.releaseValue, names) }
                let values = try unsafe item(1, of: map)
                defer { unsafe runtime.release(.releaseValue, values) }
                let texts = try unsafe plain(names).texts
                guard let own = try unsafe plain(values).doubles else { break }
                if row == 0 { keys = texts }
                guard texts == keys else { throw Failure(message: "maps with different keys for different rows, expected the same") }
                all += own
            }
            guard all.count == rows * keys.count, rows > 0 else { break }
            return Tensor([rows, keys.count], .float(all.map { Float($0) }), keys: keys)
        default: break
        }
        throw Failure(message: "an output that is no tensor and no list of maps, expected one of them")
    }

    private func plain(_ value: Handle) throws(Failure) -> Tensor {
        let info = try unsafe runtime.make { made in
            unsafe runtime.function(.shape, (@convention(c) (Handle, Made) -> Status).self)(value, made)
        }
        defer { unsafe runtime.release(.releaseShape, info) }
        let type = try unsafe number(.elementType, info, Int32.self)
        var dimensions = [Int64](repeating: 0, count: try unsafe number(.rank, info, Int.self))
        typealias Dimensions = @convention(c) (Handle, UnsafeMutablePointer<Int64>, Int) -> Status
        try unsafe runtime.check(unsafe runtime.function(.dimensions, Dimensions.self)(info, &dimensions, dimensions.count))
        let shape = dimensions.map { Int($0) }
        guard let count = Shape.count(shape), count <= InferenceLimits.tensorNumbers else {
            throw Failure(message: "an output of the shape \(shape), expected at most \(InferenceLimits.tensorNumbers) numbers")
        }
        if type == 8 { return Tensor(shape, .text(try unsafe texts(of: value, count))) }
        var data: UnsafeMutableRawPointer?
        typealias Data = @convention(c) (Handle, UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Status
        try unsafe runtime.check(unsafe runtime.function(.data, Data.self)(value, &data))
        func read<T>(_ type: T.Type) -> [T] {
            guard count > 0, let data = unsafe data else { return [] }
            return unsafe Array(UnsafeBufferPointer(start: data.assumingMemoryBound(to: type), count: count))
        }
        switch type {
        case 1: return Tensor(shape, .float(read(Float.self)))
        case 11: return Tensor(shape, .double(read(Double.self)))
        case 7: return Tensor(shape, .int(read(Int64.self)))
        case 6: return Tensor(shape, .int(read(Int32.self).map { Int64($0) }))
        case 9: return Tensor(shape, .bool(read(UInt8.self).map { $0 != 0 }))
        default: throw Failure(message: "an output of element type \(type), expected numbers or texts")
        }
    }

    private func texts(of value: Handle, _ count: Int) throws(Failure) -> [String] {
        let length = try unsafe number(.textLength, value, Int.self)
        var (bytes, starts) = ([UInt8](repeating: 0, count: length), [Int](repeating: 0, count: count))
        typealias Texts = @convention(c) (Handle, UnsafeMutablePointer<UInt8>, Int, UnsafeMutablePointer<Int>, Int) -> Status
        try unsafe runtime.check(unsafe runtime.function(.texts, Texts.self)(value, &bytes, length, &starts, count))
        return starts.indices.map { i in
            String(decoding: bytes[starts[i]..<(i + 1 < count ? starts[i + 1] : length)], as: UTF8.self)
        }
    }
}

extension Tensor {
    /// As keys of a map.
    fileprivate var texts: [String] {
        switch values {
        case .text(let v): v
        case .int(let v): v.map { "\($0)" }
        default: (doubles ?? []).map { "\($0)" }
        }
    }
}
