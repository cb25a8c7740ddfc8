internal import Kernels

/// The lines of a LightGBM model: `key=value`, in a head and one block for each tree.
struct LightGBMText {
    let file: String
    let bytes: [UInt8]
    private(set) var at = 0
    private(set) var line = 0

    /// A block's entries: where each value stands, and its line.
    struct Block {
        var name = ""
        var line = 0
        var values: [String: (range: Range<Int>, line: Int)] = [:]
    }

    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    func malformed(_ line: Int, _ message: String) -> InferenceError {
        InferenceError(.malformed, file: file, place: "line \(line)", message)
    }

    private mutating func nextLine() -> Range<Int>? {
        guard at < bytes.count else { return nil }
        let start = at
        while at < bytes.count, bytes[at] != 10 { at += 1 }
        var end = at
        at += 1
        line += 1
        while end > start, bytes[end - 1] == 13 || bytes[end - 1] == 32 { end -= 1 }
        return start..<end
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The head, up to the first tree, and the trees, up to `end of trees`.
    mutating func blocks() throws(InferenceError) -> (head: Block, trees: [Block]) {
        var all = [Block()]
        while let range = nextLine() {
            guard !range.isEmpty else { continue }
            let equals = bytes[range].firstIndex(of: UInt8(ascii: "="))
            let key = text(range.lowerBound..<(equals ?? range.upperBound))
            if key == "end of trees" { return (all[0], Array(all.dropFirst())) }
            let value = (equals.map { $0 + 1 } ?? range.upperBound)..<range.upperBound
            if key == "Tree" {
                guard all.count <= InferenceLimits.parts else { throw malformed(line, "more than \(InferenceLimits.parts) trees") }
                all.append(Block(name: "Tree=\(text(value).prefix(20))", line: line))
            } else {
                all[all.count - 1].values[key] = (value, line)
            }
        }
        throw malformed(line, "the file ends here, expected \"end of trees\"")
    }

    /// The value of a line that begins with `key:` after the trees.
    mutating func tail(_ key: String) -> String? {
        let wanted = Array("\(key):".utf8)
        while let range = nextLine() {
            if bytes[range].starts(with: wanted) { return text(range.lowerBound + wanted.count..<range.upperBound) }
        }
        return nil
    }

    // What a block says.

    func optional(_ block: Block, _ key: String) -> String? { block.values[key].map { text($0.range) } }

    func integer(_ block: Block, _ key: String, in range: ClosedRange<Int>, or fallback: Int? = nil) throws(InferenceError) -> Int {
        guard let text = optional(block, key) else {
            if let fallback { return fallback }
            throw malformed(block.line, "\"\(key)\" is missing, expected it in \(block.name.isEmpty ? "the head" : block.name)")
        }
        guard let number = Int(text), range.contains(number) else {
            throw malformed(
                block.values[key]?.line ?? 0,
                "\(key)=\(text.prefix(40)), expected a whole number in \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    /// Numbers with spaces between them.
    func numbers(_ block: Block, _ key: String, count: Int? = nil) throws(InferenceError) -> [Double] {
        guard let entry = block.values[key] else {
            if count == 0 { return [] }
            throw malformed(block.line, "\"\(key)\" is missing, expected it in \(block.name)")
        }
        var out: [Double] = []
        if let count { out.reserveCapacity(min(count, entry.range.count)) }
        var from = entry.range.lowerBound
        while from < entry.range.upperBound {
            guard bytes[from] != 32 else {
                from += 1
                continue
            }
            var to = from
            while to < entry.range.upperBound, bytes[to] != 32 { to += 1 }
            if let number = decimalNumber(bytes, from..<to)?.value {
                out.append(number)
            } else {
                let word = text(from..<to)
                guard word.lowercased() == "nan" || word.lowercased() == "-nan" else {
                    throw malformed(entry.line, "\"\(word.prefix(40))\" in \(key), expected a number")
                }
                out.append(.nan)
            }
            from = to
        }
        if let count, out.count != count { throw malformed(entry.line, "\(key) has \(out.count) numbers, expected \(count)") }
        return out
    }

    func integers(_ block: Block, _ key: String, count: Int? = nil) throws(InferenceError) -> [Int] {
        var out: [Int] = []
        for number in try numbers(block, key, count: count) {
            guard let whole = Int(exactly: number) else {
                throw malformed(block.values[key]?.line ?? block.line, "\(number) in \(key), expected a whole number")
            }
            out.append(whole)
        }
        return out
    }
}
