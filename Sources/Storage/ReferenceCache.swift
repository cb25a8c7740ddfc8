internal import Migrations
internal import Profiles
internal import Synchronization
internal import Vocabulary

/// Frozen references by version id. A version never changes, so what was read once stays true; the oldest is dropped beyond the limit.
/// A feature of 500 distinct values takes 20 KB.
final class ReferenceCache: Sendable {
    static let versionsMax = 1024
    private let cached = Mutex<(byID: [Int64: ReferenceProfile], order: [Int64])>(([:], []))

    private static func variations(_ rows: Rows) throws -> [WindowKind: NaturalVariation] {
        var found: [WindowKind: NaturalVariation] = [:]
        for row in 0..<rows.count {
            guard let kind = rows.text(row, 0).flatMap(WindowKind.init), let bytes = rows.bytes(row, 1) else { continue }
            found[kind] = try NaturalVariation(encoded: bytes)
        }
        return found
    }

    /// - Parameter schema: the segments as the version's schema has them, as JSON; their order is that of the bits of a record.
    private static func segments(_ schema: String?, _ rows: Rows, grid: ProfileGrid) throws -> [SegmentReference] {
        guard let schema, let declared = try JSON.parse(schema).arrayValue else { return [] }
        var streams: [String: Int64] = [:]
        var found: [String: [String: [UInt8]]] = [:]
        for row in 0..<rows.count {
            guard let name = rows.text(row, 0), let what = rows.text(row, 2) else { continue }
            streams[name] = rows.int(row, 1)
            found[name, default: [:]][what] = rows.bytes(row, 3)
        }
        return try declared.map { json in
            guard let segment = Segment(json: json), let stream = streams[segment.name], let parts = found[segment.name],
                let profile = parts[SegmentReference.profilePart]
            else { throw StoreError(.damaged, "a segment has no reference") }
            var variations: [WindowKind: NaturalVariation] = [:]
            for (name, bytes) in parts {
                // What else there is is the profile.
                if let kind = WindowKind(rawValue: name) { variations[kind] = try NaturalVariation(encoded: bytes) }
            }
            return SegmentReference(
                segment: segment, profile: try Profile(encoded: profile, grid: grid), variations: variations, streamID: stream)
        }
    }

    func reference(of versionID: Int64, on connection: Connection) throws -> ReferenceProfile {
        if let known = cached.withLock({ $0.byID[versionID] }) { return known }
        let rows = try connection.query(Queries["find_reference"], [.int(versionID)])
        guard rows.count > 0, let gridBytes = rows.bytes(0, 0), let profileBytes = rows.bytes(0, 1) else {
            throw StoreError(.damaged, "version \(versionID) has no reference")
        }
        let variations = try connection.query(Queries["find_variations"], [.int(versionID)])
        let parts = try connection.query(Queries["find_segment_references"], [.int(versionID)])
        let reference: ReferenceProfile
        // Only what the bytes are is caught here: a connection that is lost is another matter, and tried again.
        do {
            let grid = try ProfileGrid(encoded: gridBytes)
            reference = ReferenceProfile(
                grid: grid, profile: try Profile(encoded: profileBytes, grid: grid), variations: try Self.variations(variations),
                segments: try Self.segments(rows.text(0, 2), parts, grid: grid))
        } catch { throw StoreError(.damaged, "the reference of version \(versionID) cannot be read: \(error)") }
        cached.withLock { cache in
            if cache.byID.updateValue(reference, forKey: versionID) == nil { cache.order.append(versionID) }
            if cache.order.count > Self.versionsMax { cache.byID[cache.order.removeFirst()] = nil }
        }
        return reference
    }
}

extension SegmentReference {
    /// What stands beside the kinds of window in evenkeel.segment_reference.
    static let profilePart = "profile"
}
