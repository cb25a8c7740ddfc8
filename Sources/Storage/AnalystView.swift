internal import Vocabulary

/// The view that shows a version's packed rows as columns: `select * from evenkeel."credit 3"`.
enum AnalystView {
    /// PostgreSQL allows 1,600 columns: features beyond these are read with `evenkeel.float8_at` from the table itself.
    static let featuresMax = 1500

    static func statement(_ key: ModelVersion, schema: FeatureSchema, streamID: Int64) -> String {
        let classes = schema.classes.map(literal).joined(separator: ", ")
        let prediction = schema.classes.isEmpty ? "p.prediction" : "(array[\(classes)])[p.prediction::int + 1] as prediction"
        var columns = ["p.record_id", "p.ts", "p.score", prediction, "p.error", "p.variant"]
        var joins = ""
        var taken: Set<String> = ["record_id", "ts", "score", "prediction", "error", "variant", "measures"]
        var repeats: [String: Int] = [:]
        func name(_ wanted: String) -> String {
            // PostgreSQL cuts names at 63 bytes; of names that are then the same, or taken, the later ones get "_", "_2", "_3", …
            let start = prefix(wanted, bytes: 50)
            var name = start
            while !taken.insert(name).inserted {
                repeats[start, default: 0] += 1
                name = start + "_" + (repeats[start] == 1 ? "" : "\(repeats[start] ?? 0)")
            }
            return quoted(name)
        }
        let offsets = schema.offsets
        for (position, feature) in schema.features.prefix(featuresMax).enumerated() {
            let number = "evenkeel.float8_at(p.features, \(offsets[position]))"
            switch feature.kind {
            case .numeric:
                columns.append("nullif(\(number), 'NaN') as \(name(feature.name))")
            case .vector:
                let places = "generate_series(\(offsets[position]), \(offsets[position] + feature.dimension - 1)) place"
                let items = "array(select evenkeel.float8_at(p.features, place) from \(places) order by place)"
                columns.append("case when \(number) <> 'NaN' then \(items) end as \(name(feature.name))")
            case .categorical:
                let level = "f\(position)"
                columns.append("coalesce(\(level).value, p.extra -> 'levels' ->> '\(position)') as \(name(feature.name))")
                joins += """
                    left join evenkeel.level \(level) on \(level).stream_id = p.stream_id and \(level).attribute = \(position)
                        and \(level).code = nullif(\(number), 'NaN')::int

                    """
            }
        }
        for (i, attribute) in schema.sensitive.enumerated() {
            let level = "g\(i)"
            columns.append("coalesce(\(level).value, p.extra -> 'levels' ->> '\(-1 - i)') as \(name(attribute))")
            joins += """
                left join evenkeel.level \(level) on \(level).stream_id = p.stream_id and \(level).attribute = \(-1 - i)
                    and \(level).code = evenkeel.int4_at(p.groups, \(i))

                """
        }
        columns.append(
            "nullif(jsonb_strip_nulls(jsonb_build_object('latency_seconds', p.latency, 'cost', p.cost)) "
                + "|| coalesce(p.extra -> 'measures', '{}'), '{}') as measures")
        if !schema.classes.isEmpty { columns.append("p.extra -> 'scores' as \(name("scores"))") }
        // Else a feature that was not kept would read like one that was missing.
        if schema.raw != .all { columns.append("p.features is not null as \(name("is_whole"))") }
        let view = quotedName(key)
        return
            "create or replace view \(view) as select \(columns.joined(separator: ", "))\nfrom evenkeel.prediction p\n\(joins)where p.stream_id = \(streamID)"
    }

    /// `model version`, with a hash where PostgreSQL would cut it, or where a blank in the version makes it read like another's.
    static func viewName(_ key: ModelVersion) -> String {
        let full = "\(key)"
        if full.utf8.count <= 63, !key.version.contains(" ") { return full }
        return prefix(full, bytes: 54) + " " + Digest.hex(Digest.sha256(Array("\(key.model.utf8.count) \(full)".utf8)).prefix(4))
    }

    static func quotedName(_ key: ModelVersion) -> String { "evenkeel." + quoted(viewName(key)) }

    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    private static func prefix(_ text: String, bytes: Int) -> String {
        var out = ""
        for character in text where out.utf8.count + character.utf8.count <= bytes { out.append(character) }
        return out
    }
}
