internal import Migrations
public import Vocabulary

/// Sums of the rows that a variant served, of one combination of groups.
public struct ArmSums: Sendable {
    public var arm: String
    public var rows: Double
    public var labelled: Double
    public var positive: Double
    /// Of each loss the sum and the sum of squares: log loss, Brier score and accuracy, or squared and absolute error.
    public var losses: [(sum: Double, squares: Double)]
    /// The values of the sensitive attributes of its version; what is missing is left out.
    public var groups: [(attribute: String, value: String)]
}

extension ShadowStore {
    /// What each variant of a model has served in a stretch of event time.
    ///
    /// - Parameter versions: all of the model; they have the same task. - Throws: ``StoreError``.
    public func arms(_ versions: [RegisteredVersion], from: Timestamp, to: Timestamp) async throws -> [ArmSums] {
        guard let schema = versions.first?.schema else { return [] }
        let losses = schema.task == .regression ? 2 : 3
        return try await database.snapshot { connection in
            let rows = try connection.query(
                Queries["arm_sums"],
                [
                    .ints(versions.map(\.streamID)), .texts(versions.map(\.key.version)), .time(from), .time(to),
                    .text(schema.task.rawValue), .doubles(versions.map(\.schema.threshold)),
                ])
            var codes: [Int64: LevelDictionary.Codes] = [:]
            return try (0..<rows.count).compactMap { row in
                guard let arm = rows.text(row, 0), let stream = rows.int(row, 1), let packed = rows.bytes(row, 2),
                    let version = versions.first(where: { $0.streamID == stream })
                else { return nil }
                if codes[stream] == nil { codes[stream] = try LevelDictionary.load(stream, on: connection) }
                let groups = version.schema.sensitive.enumerated().compactMap { place, attribute -> (attribute: String, value: String)? in
                    guard packed.count >= 4 * (place + 1) else { return nil }
                    let value = codes[stream]?.byCode[-1 - place]?[Int32(truncatingIfNeeded: packed.bigEndian(4, place))]
                    return value.map { (attribute, $0) }
                }
                return ArmSums(
                    arm: arm, rows: rows.double(row, 3) ?? 0, labelled: rows.double(row, 4) ?? 0, positive: rows.double(row, 5) ?? 0,
                    losses: (0..<losses).map { (rows.double(row, 6 + 2 * $0) ?? 0, rows.double(row, 7 + 2 * $0) ?? 0) }, groups: groups)
            }
        }
    }
}
