internal import Vocabulary

/// What becomes of the halves of one model, one after the other. A pure account of the table: the store reads what is there before, and
/// writes what this leaves.
struct Pairing {
    /// How much waits in the table.
    struct Total: Equatable {
        var halves: Int64 = 0
        var bytes: Int64 = 0
    }
    enum Action {
        case join(PredictionWrite)
        case wait, repeated, full
        case mismatched(HalfMismatch)
    }

    /// Of the events in hand: those that wait in the table, and those that came since.
    private var waiting: [String: HalfWrite]
    /// The ids of those in the table.
    private let stored: Set<String>
    /// Events whose prediction is stored, or will be by this transaction.
    private var done: Set<String>
    private var total: Total
    private let before: Total
    private let limits: HalfLimits

    /// - Parameters:
    ///   - stored: the halves that wait in the table, of the events in hand. - done: the events in hand whose prediction is stored.
    init(stored: [HalfWrite], done: Set<String>, total: Total, limits: HalfLimits) {
        waiting = Dictionary(stored.map { ($0.eventID, $0) }, uniquingKeysWith: { first, _ in first })
        self.stored = Set(waiting.keys)
        self.done = done
        self.total = total
        before = total
        self.limits = limits
    }

    mutating func add(_ write: HalfWrite) -> Action {
        if let other = waiting[write.eventID] {
            if other.isRequest == write.isRequest { return .repeated }
            do throws(HalfMismatch) {
                let joined = try write.joined(with: other)
                waiting[write.eventID] = nil
                done.insert(write.eventID)
                total.halves -= 1
                total.bytes -= Self.bytes(of: other)
                return .join(joined)
            } catch { return .mismatched(error) }
        }
        if done.contains(write.eventID) { return .repeated }
        let bytes = Self.bytes(of: write)
        guard total.halves < Int64(limits.halvesMax), total.bytes + bytes <= Int64(limits.bytesMax) else { return .full }
        total.halves += 1
        total.bytes += bytes
        waiting[write.eventID] = write
        return .wait
    }

    /// What a half takes in the table.
    private static func bytes(of write: HalfWrite) -> Int64 { Int64(write.eventID.utf8.count + HalfCoding.encode(write.half).count) }

    /// Halves that are in the table and wait no more.
    var taken: [String] { stored.filter { waiting[$0] == nil }.sorted() }
    /// Halves that are to be put into it.
    var kept: [HalfWrite] { waiting.values.filter { !stored.contains($0.eventID) }.sorted { $0.eventID < $1.eventID } }
    /// What the table gains.
    var change: Total { Total(halves: total.halves - before.halves, bytes: total.bytes - before.bytes) }
}
