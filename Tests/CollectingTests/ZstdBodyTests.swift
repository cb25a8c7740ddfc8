import Collecting
import Foundation
import TestSupport
import Testing

@Suite("Bodies packed by zstd are unpacked whole, within a limit, or refused")
struct ZstdBodyTests {
    /// By the zstd program, 1.5.4: another's work.
    private static func program(_ base64: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: base64))) }
    private static let sentence = "KLUv/QRYwQAAYSByZWNvcmQgYW5kIGFub3RoZXIgb25lpitMqQ=="

    /// A frame by the words of RFC 8878: no checksum, a window of 1 MB, and blocks that are raw or one repeated byte.
    private struct Frame {
        var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x50]

        mutating func block(_ header: Int, _ content: some Sequence<UInt8>) {
            bytes += [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16)]
            bytes += content
        }

        init(raw content: [UInt8]) {
            for start in stride(from: 0, to: content.count, by: 100_000) {
                let part = content[start..<min(start + 100_000, content.count)]
                block(part.count << 3, part)
            }
            block(1, [])
        }

        init(repeating byte: UInt8, blocks: Int) {
            for _ in 0..<blocks { block(131_072 << 3 | 2, [byte]) }
            block(1, [])
        }
    }

    private static let malformed = RequestError(.malformed, "the body is not whole zstd data, as its content-encoding says")
    private static func skippable(_ content: [UInt8]) -> [UInt8] { [0x5A, 0x2A, 0x4D, 0x18, UInt8(content.count), 0, 0, 0] + content }

    @Test("as the zstd program packs it, with and without its size and checksum") func program() throws {
        let text = (0..<60).map { "{\"id\":\"r\($0)\",\"x\":\($0 * $0 * 37 % 101)}\n" }.joined()
        let packed = try Self.program(
            "KLUv/QRo1QUA4osbEsCnA4aswH99IqWUKSVZWOg5N0e1Ttmo+I9d+5y3cvvZPFUk2zum1jNjNIvnWmjzsqKqn/1rOSer9I5jVCeqO12s7NDpl/lcKTOrK6pP"
                + "81yppqWp0Ohuo6sjEV/m0nqqBJIyBEcgBMUIhoAoAiR1qCGAfv8NsFvmEISBBOTtVXdE2DDgpaKoT6Q10AwjDAVZLGQCrBBhQA5QG+ZgRGCFAxHk7ix6EAFV"
                + "PGLXzDt3mCV1LW8SlWUVacHVZQ==")
        #expect(try zstdUnpacked(packed, limit: 10_000) == Array(text.utf8))
        let forms = [Self.sentence, "KLUv/QBIwQAAYSByZWNvcmQgYW5kIGFub3RoZXIgb25l", "KLUv/SQYwQAAYSByZWNvcmQgYW5kIGFub3RoZXIgb25lpitMqQ=="]
        for form in forms { #expect(try zstdUnpacked(Self.program(form), limit: 24) == Array("a record and another one".utf8)) }
    }

    @Test("as it was, whatever its size, in several frames and with skippable ones", arguments: [0, 1, 100, 70_000, 3_000_000])
    func whole(size: Int) throws {
        var random = Seeded(UInt64(size + 1))
        let bytes = (0..<size).map { _ in UInt8(random.uniform() * 40) }
        let frame = Frame(raw: bytes).bytes
        #expect(try zstdUnpacked(frame, limit: size) == bytes)
        let several = frame + Self.skippable([1, 2, 3]) + frame + Self.skippable([])
        #expect(try zstdUnpacked(several, limit: 2 * size) == bytes + bytes)
        if size > 0 { #expect(throws: RequestError.self) { try zstdUnpacked(several, limit: 2 * size - 1) } }
    }

    @Test("a small body that holds a huge one is refused at the limit, in one frame or in many") func bomb() throws {
        let tooLarge = RequestError(.tooLarge, "more than 1000000 bytes unpacked, send fewer records a request")
        let one = Frame(repeating: 0, blocks: 1000).bytes
        #expect(one.count < 5000)
        #expect(throws: tooLarge) { try zstdUnpacked(one, limit: 1_000_000) }
        let many = (0..<1000).flatMap { _ in Frame(repeating: 0, blocks: 1).bytes }
        #expect(throws: tooLarge) { try zstdUnpacked(many, limit: 1_000_000) }
        #expect(try zstdUnpacked(many, limit: 131_072_000).count == 131_072_000)
        #expect(throws: RequestError.self) { try zstdUnpacked(many, limit: 131_071_999) }
        let program = try Self.program(
            "KLUv/aRAS0wATAAACAABAPz/ORACAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAg"
                + "AQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAA"
                + "AgAQAANaAgC2wdU/")
        #expect(throws: tooLarge) { try zstdUnpacked(program, limit: 1_000_000) }
        #expect(try zstdUnpacked(program, limit: 5_000_000) == [UInt8](repeating: 0, count: 5_000_000))
    }

    @Test("a header that says less or more than the frame holds is no way around the limit") func liar() throws {
        let blocks = Frame(repeating: 7, blocks: 20).bytes.dropFirst(6)
        // The same window, and a size of four bytes in the header.
        func frame(saying size: UInt32) -> [UInt8] {
            [0x28, 0xB5, 0x2F, 0xFD, 0x80, 0x50] + (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * UInt32($0))) } + blocks
        }
        #expect(try zstdUnpacked(frame(saying: 20 * 131_072), limit: 3_000_000).count == 20 * 131_072)
        for size: UInt32 in [0, 1, 131_072, 2_999_999, .max] {
            #expect(throws: Self.malformed, "\(size)") { try zstdUnpacked(frame(saying: size), limit: 3_000_000).count }
        }
    }

    @Test("a frame that asks for a large window is refused before the memory is taken") func window() throws {
        for (descriptor, isTaken) in [(0x68, true), (0x69, false), (0x88, false), (0xFF, false)] {
            var frame = Frame(raw: [1, 2, 3]).bytes
            frame[5] = UInt8(descriptor)
            if isTaken {
                #expect(try zstdUnpacked(frame, limit: 1000) == [1, 2, 3])
            } else {
                #expect(throws: RequestError(.tooLarge, "a zstd window of more than 8388608 bytes, pack without --long")) {
                    try zstdUnpacked(frame, limit: 1000)
                }
            }
        }
    }

    @Test("what is cut anywhere, changed or no zstd at all is refused") func broken() throws {
        let body = try Self.program(Self.sentence)
        for length in 0..<body.count {
            #expect(throws: Self.malformed, "\(length)") { try zstdUnpacked(Array(body.prefix(length)), limit: 99) }
        }
        var changed = body
        changed[body.count - 6] ^= 0xFF
        // The last one is a frame of a format before 1.0.
        let others: [[UInt8]] = [
            changed, Array("{}".utf8), body + [1, 2, 3], body + Array(body.prefix(9)), Array(Self.skippable([1]).dropLast()),
            [0x27, 0xB5, 0x2F, 0xFD, 0, 0, 0],
        ]
        for bad in others { #expect(throws: Self.malformed, "\(bad.count)") { try zstdUnpacked(bad, limit: 1000) } }
    }

    @Test("no byte that is changed in a frame reads or writes beyond its memory, or passes the limit") func fuzz() throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        var random = Seeded(seed)
        let whole = try Self.program(Self.sentence) + Frame(repeating: 3, blocks: 2).bytes
        for _ in 0..<5000 {
            var bytes = whole
            for _ in 0..<Int(1 + random.uniform() * 3) {
                bytes[Int(random.uniform() * Double(bytes.count))] = UInt8(random.uniform() * 256)
            }
            if let out = try? zstdUnpacked(bytes, limit: 300_000) { #expect(out.count <= 300_000, "seed \(seed)") }
        }
    }
}
