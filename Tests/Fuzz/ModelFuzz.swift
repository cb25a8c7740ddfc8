import Inference

/// A model file is refused in one line, or it scores rows: nothing traps, and nothing goes on for ever.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzModel(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    do throws(InferenceError) {
        let model = try Model(bytes, file: "m", runtime: nil)
        // Tables of other widths are not the file's doing.
        guard model.features.count <= 64 else { return 0 }
        let columns = model.features.map { feature in
            feature.wantsText ? InputColumn.texts(["a", nil, ""]) : .numbers([1, -2.5, .nan])
        }
        for answer in [ScoreOptions.Answer.probabilities, .outputs] {
            guard let scores = try? model.score(columns, rows: 3, options: ScoreOptions(answer)) else { continue }
            precondition(scores.allSatisfy { $0.cell(2).utf8.count >= 0 }, "a value for each row")
        }
        _ = try? model.contributions(columns, rows: 3)
    } catch {
        precondition(!error.description.contains("\n") && error.description.contains("m"), "one line")
    }
    return 0
}
