internal import Vocabulary

/// What a file holds.
public enum FileForm: String, Sendable, CaseIterable {
    /// Rows under a header.
    case csv
    /// NDJSON with a row a line, its members named like columns.
    case rows
    /// NDJSON with the records of `POST /v1/predictions` or `POST /v1/labels`.
    case records
    /// SageMaker data capture or ground truth: a JSON object a line.
    case sagemaker

    var isCSV: Bool { self == .csv }

    /// Endings of names that are taken from a folder.
    static let endings = [".csv", ".ndjson", ".jsonl", ".json"]

    /// The program that has packed a file which begins like this.
    static func packing(_ head: [UInt8]) -> String? {
        head.starts(with: [0x1F, 0x8B]) ? "gzip" : head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) ? "zstd" : nil
    }

    /// By the file's name and its first line.
    ///
    /// - Returns: nil when the first line is not whole yet.
    static func recognised(_ path: String, head: [UInt8], isWhole: Bool) -> FileForm? {
        let name = path.lowercased()
        if name.hasSuffix(".csv") { return .csv }
        let start = head.firstIndex { $0 > 32 } ?? head.endIndex
        let hasMark = head.starts(with: [0xEF, 0xBB, 0xBF])
        guard start < head.endIndex else { return isWhole ? .rows : nil }
        let isNamedLines = endings.dropFirst().contains { name.contains($0) }
        guard isNamedLines || (!hasMark && head[start] == UInt8(ascii: "{")) else { return .csv }
        let end = head[start...].firstIndex(of: 10)
        if end == nil, !isWhole { return nil }
        let line = head[start..<(end ?? head.endIndex)]
        guard case .object(let object)? = try? JSON.parse(line) else {
            // The first line may be a damaged one.
            let text = String(decoding: line, as: UTF8.self)
            return text.contains("\"captureData\"") || text.contains("\"groundTruthData\"") ? .sagemaker : .rows
        }
        if object["captureData"] != nil || object["groundTruthData"] != nil { return .sagemaker }
        let isRecord =
            object["model"] != nil && object["id"] != nil
            && (object["version"] != nil || object["label"] != nil || object["features"]?.objectValue != nil)
        return isRecord ? .records : .rows
    }
}
