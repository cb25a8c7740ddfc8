internal import CKernels
internal import Glibc

/// Reads JSON objects of a known shape, one after the other, from a text: many times faster than building values of them.
///
/// It takes the usual ones only: no escapes in strings, no arrays, no object within an object's object, no error. Any other is the general
/// parser's, which also knows the words for what is wrong.
@safe public final class RecordScanner {
    /// What a key's value may be, apart from null.
    public enum Slot: Int32, Sendable {
        /// An object, with slots of its own.
        case object = 0
        case number
        /// A number, true or false.
        case measure
        /// A string, or an integer of at most 15 digits.
        case name
        /// A name, true or false.
        case level
        /// A string or a number.
        case time
    }
    public enum Outcome: Equatable {
        case filled
        /// A value or a key that is for the general parser.
        case unusual
        /// A key that the plan does not have, and the slot of the object that it is in.
        case unknown(key: Range<Int>, parent: Int?)
    }

    /// So many zero bytes must follow the text: reading stops at the first, and looks a little further.
    public static let padding = 32
    static let membersMax = 4096

    private let members: UnsafeMutablePointer<ek_member>
    private let slots: UnsafeMutablePointer<Int32>
    private let count: UnsafeMutablePointer<UInt32>

    public init() {
        unsafe count = .allocate(capacity: 1)
        unsafe count.initialize(to: 0)
        unsafe members = .allocate(capacity: Self.membersMax)
        unsafe slots = .allocate(capacity: Self.membersMax)
    }
    deinit {
        unsafe count.deallocate()
        unsafe members.deallocate()
        unsafe slots.deallocate()
    }

    /// Reads the object that begins at or after white space from `start`.
    ///
    /// - Parameters: text: with ``padding`` zero bytes at its end, behind `end`.
    /// - Returns: where it ends; nil when it is not a usual one.
    public func read(_ text: [UInt8], from start: Int, to end: Int) -> Int? {
        precondition(start >= 0 && end + Self.padding <= text.count && text[text.count - Self.padding] == 0, "the text is padded")
        let stop = unsafe ek_record_read(text, start, end, members, UInt32(Self.membersMax), count)
        return stop == 0 ? nil : stop
    }

    /// Where the line that begins at `start` ends: its line feed, or the end.
    public static func lineEnd(_ text: [UInt8], from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && start <= end && end <= text.count, "within the text")
        return unsafe Int(ek_line_end(text, start, end))
    }

    /// Whether these bytes stand there.
    public static func isSame(_ text: [UInt8], _ range: Range<Int>, _ bytes: [UInt8]) -> Bool {
        precondition(range.upperBound <= text.count, "within the text")
        return unsafe range.count == bytes.count
            && text.withUnsafeBytes { unsafe memcmp($0.baseAddress! + range.lowerBound, bytes, bytes.count) } == 0
    }

    /// The text of an outermost member that is a string or a plain integer.
    public func name(_ text: [UInt8], _ key: String) -> Range<Int>? {
        let range = unsafe ek_record_name(text, members, count.pointee, key, key.utf8.count)
        return range.length == EK_NO_RANGE ? nil : Int(range.at)..<Int(range.at) + Int(range.length)
    }

    /// Puts the values of what was read last into the plan's slots.
    public func fill(_ text: [UInt8], _ plan: inout RecordPlan) -> Outcome {
        var unknown: UInt32 = 0
        switch unsafe plan.fill(text, members, count.pointee, slots, &unknown) {
        case 1: return .filled
        case 2:
            let member = unsafe members[Int(unknown)]
            let parent = unsafe member.parent < 0 ? nil : Int(slots[Int(member.parent)])
            return .unknown(key: Int(member.key)..<Int(member.key) + Int(member.key_length), parent: parent)
        default: return .unusual
        }
    }
}

/// The keys of a shape, and after ``RecordScanner/fill(_:_:)`` their values.
public struct RecordPlan: Sendable {
    private var keys: [UInt8] = []
    private var slots: [ek_slot] = []
    private var table: [Int32] = [-1, -1]
    private var hints = [Int32](repeating: -1, count: RecordScanner.membersMax)
    /// By slot; NaN where there is none.
    public private(set) var numbers: [Double] = []
    private var texts: [ek_range] = []

    public init() {}

    /// Adds a key, which must be new, and returns its slot.
    @discardableResult
    public mutating func add(_ key: String, _ kind: RecordScanner.Slot, in parent: Int? = nil) -> Int {
        slots.append(
            ek_slot(key: UInt32(keys.count), key_length: UInt32(key.utf8.count), parent: Int32(parent ?? -1), kind: kind.rawValue))
        keys += Array(key.utf8)
        numbers.append(.nan)
        texts.append(ek_range(at: 0, length: EK_NO_RANGE))
        if slots.count * 2 > table.count {
            table = [Int32](repeating: -1, count: table.count * 2)
            for slot in slots.indices { enter(slot) }
        } else {
            enter(slots.count - 1)
        }
        return slots.count - 1
    }

    private mutating func enter(_ slot: Int) {
        let key = Array(keys[Int(slots[slot].key)..<Int(slots[slot].key + slots[slot].key_length)])
        var place = unsafe Int(ek_slot_hash(key, key.count, slots[slot].parent)) & (table.count - 1)
        while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
        table[place] = Int32(slot)
    }

    /// Where the text of a slot stands; nil where there is none.
    public func text(_ slot: Int) -> Range<Int>? {
        let range = texts[slot]
        return range.length == EK_NO_RANGE ? nil : Int(range.at)..<Int(range.at) + Int(range.length)
    }

    fileprivate mutating func fill(
        _ text: [UInt8], _ members: UnsafePointer<ek_member>, _ count: UInt32, _ slotOfMember: UnsafeMutablePointer<Int32>,
        _ unknown: inout UInt32
    ) -> Int32 {
        unsafe ek_record_fill(
            text, members, count, keys, slots, UInt32(slots.count), table, UInt32(table.count - 1), &hints, &numbers, &texts, slotOfMember,
            &unknown)
    }
}
