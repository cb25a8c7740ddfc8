/// Texts one after the other in one buffer: a thousand ids are two allocations rather than a thousand.
///
/// Two texts are the same when their bytes are, as in the database.
public struct TextColumn: Sendable, Equatable, ExpressibleByArrayLiteral, RandomAccessCollection {
    public private(set) var utf8: [UInt8] = []
    /// Where each text ends in `utf8`.
    public private(set) var ends: [Int] = []

    public init() {}
    public init(_ texts: some Sequence<String>) { for text in texts { append(text) } }
    public init(arrayLiteral texts: String...) { self.init(texts) }

    public var startIndex: Int { 0 }
    public var endIndex: Int { ends.count }
    public subscript(_ place: Int) -> String { String(decoding: utf8[range(place)], as: UTF8.self) }

    /// Where the bytes of a text stand in `utf8`.
    public func range(_ place: Int) -> Range<Int> { (place == 0 ? 0 : ends[place - 1])..<ends[place] }

    public mutating func reserve(count: Int, bytes: Int) {
        ends.reserveCapacity(count)
        utf8.reserveCapacity(bytes)
    }

    public mutating func append(_ text: String) {
        utf8.append(contentsOf: text.utf8)
        ends.append(utf8.count)
    }

    /// - Parameter bytes: valid UTF-8.
    public mutating func append(utf8 bytes: ArraySlice<UInt8>) {
        utf8.append(contentsOf: bytes)
        ends.append(utf8.count)
    }

    public mutating func append(_ other: TextColumn) {
        let before = utf8.count
        utf8.append(contentsOf: other.utf8)
        ends.append(contentsOf: other.ends.lazy.map { before + $0 })
    }

    public func texts(at places: [Int]) -> TextColumn {
        var out = TextColumn()
        out.ends.reserveCapacity(places.count)
        for place in places { out.append(utf8: utf8[range(place)]) }
        return out
    }
}
