import Testing
import Vocabulary

@testable import Analysis

@Suite("The drift functions of evenkeel stat") struct DriftFunctionsTests {
    private func call(_ name: String, _ text: String) throws -> JSON {
        let function = try #require(StatFunction.drift.first { $0.name == name })
        return try function.call(try JSON.parse(Array(text.utf8)[...]))
    }

    @Test("ks answers with all that it found") func ks() throws {
        let result = try call("ks", #"{"x":[1,2,3],"y":[4,5]}"#)
        #expect(result["statistic"]?.doubleValue == 1)
        #expect(result["location"]?.doubleValue == 3)
        #expect(result["method"]?.stringValue == "exact")
    }

    @Test("null is left out, makes the result undefined, or is refused, as asked") func nanPolicy() throws {
        #expect(try call("ks", #"{"x":[1,null,3],"y":[4,5]}"#)["statistic"]?.doubleValue == 1)
        #expect(try call("ks", #"{"x":[1,null,3],"y":[4,5],"nan_policy":"propagate"}"#)["statistic"] == .null)
        #expect(throws: AnalysisError.self) { try call("ks", #"{"x":[1,null,3],"y":[4,5],"nan_policy":"raise"}"#) }
        #expect(throws: (any Error).self) { try call("ks", #"{"x":[null],"y":[4,5]}"#) }
    }

    @Test("a missing value goes with its weight") func weights() throws {
        let with = try call("wasserstein", #"{"x":[0,null,3],"y":[1],"x_weights":[1,9,1]}"#)
        let without = try call("wasserstein", #"{"x":[0,3],"y":[1],"x_weights":[1,1]}"#)
        #expect(with == without)
        #expect(throws: AnalysisError.self) { try call("energy", #"{"x":[0,1],"y":[1],"x_weights":[1]}"#) }
    }

    @Test("distances: an empty side and a broken count are errors") func distances() throws {
        let result = try call("distances", #"{"reference_counts":[5,5],"current_counts":[1,9],"js_base":"e"}"#)
        #expect(result["total_variation"]?.doubleValue.map { abs($0 - 0.4) < 1e-15 } == true)
        #expect(throws: (any Error).self) { try call("distances", #"{"reference_counts":[0,0],"current_counts":[1,9]}"#) }
        #expect(throws: (any Error).self) { try call("distances", #"{"reference_counts":[1.5,2],"current_counts":[1,9]}"#) }
        #expect(throws: (any Error).self) { try call("distances", #"{"reference_counts":[1],"current_counts":[1,9]}"#) }
    }

    @Test("anderson_darling and mmd name what is wrong") func refusals() throws {
        #expect(throws: (any Error).self) { try call("anderson_darling", #"{"samples":[[1,2],[]]}"#) }
        #expect(throws: (any Error).self) { try call("anderson_darling", #"{"samples":[[1,1],[1,1]]}"#) }
        #expect(throws: (any Error).self) { try call("mmd", #"{"x":[[1],[2,3]],"y":[[1]]}"#) }
        #expect(throws: (any Error).self) { try call("mmd", #"{"x":[[1],[2]],"y":[[1],[4]],"bandwidth":-1}"#) }
    }
}
