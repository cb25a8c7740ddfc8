/// What a detector remembers, as words of eight bytes: its state without its parameters, exact to the bit.
///
/// A detector names its fields once, in ``ChangeDetector/visit(_:)``; the same list writes and reads, so that the two cannot disagree.
public struct DetectorMemory: Sendable {
    public private(set) var words: [UInt64] = []
    /// The next word to read; nil while it is written.
    private var place: Int?
    private var isDamaged = false

    init() {}
    init(reading words: [UInt64]) {
        self.words = words
        place = 0
    }

    var isReading: Bool { place != nil }
    /// Whether every word was read and made sense.
    var isWhole: Bool { !isDamaged && place == words.count }

    mutating func word(_ value: inout UInt64) {
        guard let at = place else { return words.append(value) }
        if at < words.count {
            value = words[at]
            place = at + 1
        } else {
            isDamaged = true
        }
    }

    mutating func number(_ value: inout Double) {
        var bits = value.bitPattern
        word(&bits)
        value = Double(bitPattern: bits)
    }

    /// A word beyond `range` is damage: the value stays as it was.
    mutating func whole(_ value: inout Int, in range: ClosedRange<Int>) {
        var bits = UInt64(bitPattern: Int64(value))
        word(&bits)
        let read = Int(Int64(bitPattern: bits))
        if range.contains(read) { value = read } else { isDamaged = true }
    }

    mutating func flag(_ value: inout Bool) {
        var number = value ? 1 : 0
        whole(&number, in: 0...1)
        value = number == 1
    }

    /// The length, then each of them.
    mutating func numbers(_ values: inout [Double], counts: ClosedRange<Int>) {
        guard let count = count(of: values.count, in: counts) else { return }
        if isReading { values = [Double](repeating: 0, count: count) }
        for i in values.indices { number(&values[i]) }
    }

    mutating func wholes(_ values: inout [Int], counts: ClosedRange<Int>, in range: ClosedRange<Int>) {
        guard let count = count(of: values.count, in: counts) else { return }
        if isReading { values = [Int](repeating: range.lowerBound, count: count) }
        for i in values.indices { whole(&values[i], in: range) }
    }

    /// nil for one that the words left cannot hold.
    private mutating func count(of count: Int, in range: ClosedRange<Int>) -> Int? {
        var count = count
        whole(&count, in: range)
        if let place, count > words.count - place { isDamaged = true }
        return isDamaged ? nil : count
    }
}

extension ChangeDetector {
    /// All that it remembers beside its parameters.
    public var memory: [UInt64] {
        var copy = self
        var memory = DetectorMemory()
        copy.visit(&memory)
        return memory.words
    }

    /// Goes on where a detector with the same parameters was.
    ///
    /// - Returns: false for words that are not such a detector's; then nothing has changed.
    public mutating func restore(_ words: [UInt64]) -> Bool {
        var copy = self
        var memory = DetectorMemory(reading: words)
        copy.visit(&memory)
        guard memory.isWhole else { return false }
        self = copy
        return true
    }
}
