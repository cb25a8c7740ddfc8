import Logging
import Synchronization
import Testing

@testable import Service

@Suite("Warnings that come with every request") struct SeldomLogTests {
    private final class Lines: LogHandler, Sendable {
        let said = Mutex([String]())
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }
        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }
        func log(event: LogEvent) { said.withLock { $0.append("\(event.message)") } }
    }

    @Test("the first of a kind is said, and then one in ten seconds, with how many there were") func seldom() {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in lines }
        let log = SeldomLog()
        let start = ContinuousClock.now
        for second in 0..<12 { log.warn("full \(second)", kind: "a", logger, now: start.advanced(by: .seconds(second))) }
        log.warn("away", kind: "b", logger, now: start)
        #expect(lines.said.withLock { $0 } == ["full 0", "full 10 (and 9 more since the last line)", "away"])
    }
}
