/// Where each table is on a Citus cluster: on its shards, on every node, or on the coordinator alone.
///
/// The big tables are spread by a hash of their first key, the stream, and a stream's rows of all of them are on one node: what is written
/// with a batch, summed for a window and compared for a candidate stays there. What every query looks up is copied to each node. Queues,
/// leases and logs, of which one row is one piece of work, stay where the service connects to.
enum Distribution {
    /// Spread by `stream_id`, those of a stream together.
    static let distributed = [
        "prediction", "level", "label", "label_waiting", "batch", "profile", "result", "evaluation", "ingest_file", "half", "half_total",
        "shadow_run", "shadow_look", "error_run", "error_change",
    ]
    /// Copied to every node; each after those that it refers to.
    static let copied = [
        "model", "model_version", "stream", "feature", "reference_profile", "reference_variation", "segment_reference",
    ]
    /// On the coordinator alone.
    static let local = [
        "dirty_window", "alert", "silence", "delivery", "audit_log", "schema_migration", "prediction_week", "access_token", "model_file",
        "rollout", "lease", "destination_disabled", "delivery_attempt", "audit_head", "retraining",
        "kafka_position",
    ]

    /// Places the tables that are not placed yet, with what they hold. Must be run in the transaction that made them.
    ///
    /// - Returns: what was done, in words.
    /// - Throws: ``StoreError`` where the server has no Citus.
    static func place(on connection: Connection) throws -> [String] {
        guard try isThere(on: connection) else {
            throw StoreError(
                .unsupported,
                "the database has no extension citus: run `create extension citus` in it on every node, add the workers on the coordinator (citus_add_node), then migrate again"
            )
        }
        // Otherwise the copies could not be read again in the transaction that made them: each shard would have a connection of its own.
        try connection.run("set local citus.multi_shard_modify_mode to 'sequential'")
        var done: [String] = []
        let placed = try placed(on: connection)
        for table in copied where !placed.contains(table) {
            try connection.query("select create_reference_table('evenkeel.\(table)')")
            done.append("copied \(table) to every node")
        }
        for table in distributed where !placed.contains(table) {
            let beside = table == distributed[0] ? "default" : "evenkeel.\(distributed[0])"
            try connection.query("select create_distributed_table('evenkeel.\(table)', 'stream_id', colocate_with => '\(beside)')")
            done.append("spread \(table) by stream_id")
        }
        return done
    }

    /// Whether tables of this schema are placed already, so that those of later steps must be too.
    static func isInUse(on connection: Connection) throws -> Bool {
        try isThere(on: connection) && !placed(on: connection).isEmpty
    }

    private static func isThere(on connection: Connection) throws -> Bool {
        try connection.query("select to_regclass('pg_dist_partition')").text(0, 0) != nil
    }

    private static func placed(on connection: Connection) throws -> Set<String> {
        let found = try connection.query(
            """
            select c.relname from pg_dist_partition p join pg_class c on c.oid = p.logicalrel
            where c.relnamespace = 'evenkeel'::regnamespace and not c.relispartition
            """)
        return Set((0..<found.count).compactMap { found.text($0, 0) })
    }
}
