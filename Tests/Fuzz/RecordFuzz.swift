import Kernels
import Vocabulary

/// What the record scanner takes, the general JSON parser takes too, with the same values; and nothing beyond the text is read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecord(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    // What follows, such as the next line, must not make an object of what is none.
    for next in ["", "}", "1", "\"", "\n}", "\n{\"id\":\"x\"}"] {
        let text = bytes + Array(next.utf8) + [UInt8](repeating: 0, count: RecordScanner.padding)
        let scanner = RecordScanner()
        guard let end = scanner.read(text, from: 0, to: count) else { continue }
        precondition(end <= count, "within the text")
        guard case .object(let object)? = try? JSON.parse(bytes[0..<end]) else { preconditionFailure("taken, but no object") }
        var plan = RecordPlan()
        let id = plan.add("id", .name)
        let time = plan.add("ts", .time)
        let features = plan.add("features", .object)
        let age = plan.add("age", .measure, in: features)
        let level = plan.add("purpose", .level, in: features)
        guard scanner.fill(text, &plan) == .filled else { continue }
        precondition(Set(object.members.map(\.key)).count == object.members.count, "no key twice")
        func shown(_ slot: Int) -> String? { plan.text(slot).map { String(decoding: text[$0], as: UTF8.self) } }
        func words(_ json: JSON?) -> String? {
            switch json {
            case .string(let text)?: text
            case .integer?, .bool?: json?.text
            default: nil
            }
        }
        precondition(shown(id) == words(object["id"]))
        precondition(shown(level) == words(object["features"]?["purpose"]))
        func number(_ json: JSON?) -> Double {
            if case .bool(let flag)? = json { return flag ? 1 : 0 }
            return json?.doubleValue ?? .nan
        }
        let expected = number(object["features"]?["age"])
        precondition(plan.numbers[age] == expected || (plan.numbers[age].isNaN && expected.isNaN))
        if case .string(let text)? = object["ts"] { precondition(shown(time) == text) }
    }
    return 0
}
