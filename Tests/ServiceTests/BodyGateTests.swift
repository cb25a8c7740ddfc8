import Testing

@testable import Service

@Suite("Bodies in work have a limit")
struct BodyGateTests {
    @Test("what fits is admitted, what does not is not, and room comes back, also after a failure")
    func room() async throws {
        struct Failure: Error {}
        let gate = BodyGate(bytesMax: 100)
        let inner = await gate.admit(60) { await gate.admit(41) { 1 } }
        #expect(inner == .some(nil))
        #expect(await gate.admit(60) { await gate.admit(40) { 2 } } == .some(2))
        await #expect(throws: Failure.self) { try await gate.admit(100) { throw Failure() } }
        #expect(await gate.admit(100) { 3 } == 3)
    }

    @Test("a body larger than the limit goes alone")
    func large() async {
        let gate = BodyGate(bytesMax: 100)
        #expect(await gate.admit(500) { await gate.admit(0) { 1 } } == .some(nil))
        #expect(await gate.admit(500) { 2 } == 2)
    }
}
