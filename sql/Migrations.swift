/// A numbered step of the schema. Files are never changed once released: a new step is added.
public struct Migration: Sendable, Equatable {
    public let version: Int
    public let name: String
    public let sql: String
}

/// Every migration, in order. Embedded in the binary; the .sql files are the only copy.
public let migrations: [Migration] = [
    ("registry", PackageResources.v0001_registry_sql),
    ("predictions", PackageResources.v0002_predictions_sql),
    ("profiles", PackageResources.v0003_profiles_sql),
    ("alerts", PackageResources.v0004_alerts_sql),
    ("reading", PackageResources.v0005_reading_sql),
    ("ingest", PackageResources.v0006_ingest_sql),
    ("ingest_files", PackageResources.v0007_ingest_files_sql),
    ("halves", PackageResources.v0008_halves_sql),
    ("keep", PackageResources.v0009_keep_sql),
    ("baselines", PackageResources.v0010_baselines_sql),
    ("vectors", PackageResources.v0011_vectors_sql),
    ("watch", PackageResources.v0012_watch_sql),
    ("tokens", PackageResources.v0013_tokens_sql),
    ("shadow", PackageResources.v0014_shadow_sql),
    ("delivery", PackageResources.v0015_delivery_sql),
    ("audit_chain", PackageResources.v0016_audit_chain_sql),
    ("grafana", PackageResources.v0017_grafana_sql),
    ("segments", PackageResources.v0018_segments_sql),
    ("detectors", PackageResources.v0019_detectors_sql),
    ("delivery_order", PackageResources.v0020_delivery_order_sql),
    ("samples", PackageResources.v0021_samples_sql),
    ("live_rollout", PackageResources.v0022_live_rollout_sql),
    ("shadow_looked", PackageResources.v0023_shadow_looked_sql),
    ("unique_week", PackageResources.v0024_unique_week_sql),
    ("kafka_position", PackageResources.v0025_kafka_position_sql),
    ("hours", PackageResources.v0026_hours_sql),
].enumerated().map { Migration(version: $0.offset + 1, name: $0.element.0, sql: String(decoding: $0.element.1, as: UTF8.self)) }

/// The statements that the service sends, by the name in their `-- name:` line. Values always travel as bound parameters.
public enum Queries {
    private static let all: [String: String] = {
        let files = [
            PackageResources.registry_sql, PackageResources.ingest_sql, PackageResources.labels_sql, PackageResources.profiles_sql,
            PackageResources.results_sql, PackageResources.alerts_sql, PackageResources.files_sql, PackageResources.keep_sql,
            PackageResources.halves_sql, PackageResources.doctor_sql, PackageResources.tokens_sql, PackageResources.pages_sql,
            PackageResources.shadow_sql, PackageResources.errors_sql,
            PackageResources.leases_sql, PackageResources.audit_sql, PackageResources.retraining_sql, PackageResources.samples_sql,
            PackageResources.kafka_sql,
        ]
        var queries: [String: String] = [:]
        for file in files {
            for section in (String(decoding: file, as: UTF8.self)).split(separator: "-- name: ") {
                guard let end = section.firstIndex(of: "\n") else { continue }
                queries[String(section[..<end])] = String(section[section.index(after: end)...])
            }
        }
        return queries
    }()

    public static var names: [String] { all.keys.sorted() }

    /// A name that is not in sql/queries is our own bug; a test asks for every name that Storage uses.
    public static subscript(_ name: String) -> String {
        guard let sql = all[name] else { preconditionFailure("no query named \(name) in sql/queries") }
        return sql
    }
}
