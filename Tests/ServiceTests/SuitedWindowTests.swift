import Testing
import Vocabulary

@testable import Service

@Suite("Which windows suit the traffic of a reference") struct SuitedWindowTests {
    /// - Parameter apart: seconds between two rows.
    private func times(_ count: Int, apart: Int64) -> [Timestamp] {
        (0..<Int64(count)).map { Timestamp(seconds: 1_767_225_600).adding(seconds: $0 * apart) }
    }

    @Test("of hours with rows enough nothing is said") func hours() {
        #expect(SuitedWindow(times: times(1000, apart: 60)) == nil)
        #expect(SuitedWindow(times: []) == nil)
    }

    @Test(
        "where hours have too few, the shortest that has enough is named",
        arguments: [(1200, "day", 72), (86_400 / 4, "week", 28)] as [(Int64, String, Int)])
    func few(apart: Int64, kind: String, _ rows: Int) throws {
        // Of weeks 28 rows are too few as well.
        let suited = try #require(SuitedWindow(times: times(1000, apart: apart)))
        #expect(suited.hourRows == (apart == 1200 ? 3 : 1))
        if kind == "day" {
            #expect(suited.longer?.kind == .day && suited.longer?.rows == rows)
            #expect(suited.words.contains("a day has 72: give them window: day"))
        } else {
            #expect(suited.longer == nil && suited.words.contains("window: 30d"))
        }
    }

    @Test("one busy hour among many that are not does not hide them") func middle() throws {
        let mixed = times(200, apart: 7200) + (0..<500).map { _ in Timestamp(seconds: 1_767_225_600) }
        let suited = try #require(SuitedWindow(times: mixed))
        #expect(suited.hourRows == 1 && suited.longer?.kind == .week)
    }
}
