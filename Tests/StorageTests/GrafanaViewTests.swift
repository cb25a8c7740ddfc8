import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("Views for Grafana's PostgreSQL data source")
struct GrafanaViewTests {
    private static let open = ["grafana_alerts", "grafana_models", "grafana_results", "grafana_shadow", "grafana_volume"]
    private static let protected = ["grafana_alert_texts", "grafana_group_results", "grafana_segment_results"]

    private func hour(_ number: Int64) -> Window { Window(kind: .hour, holding: Loans.start.adding(seconds: number * 3600))! }
    private func finding(_ value: Double, group: String = "") -> Finding {
        Finding(
            monitor: group.isEmpty ? .featureDrift : .fairness, subject: group.isEmpty ? "age" : "sex", group: group,
            statistic: group.isEmpty ? "psi" : "tpr", value: value, lower: value - 0.25, upper: value + 0.25, referenceCount: 1,
            currentCount: 2, verdict: .drifted, why: "f is lower than m")
    }
    /// Evaluates the hour, with a finding of the whole and one of a group.
    private func evaluate(_ number: Int64, _ value: Double, after seconds: Int64, of version: RegisteredVersion, on bench: Bench)
        async throws
    {
        let evaluation = Evaluation(
            version: version.key, window: hour(number), evaluatedAt: Bench.now.adding(seconds: seconds), rows: 10, labelled: 4,
            findings: [finding(value), finding(value + 100, group: "f")])
        try await bench.results.save(evaluation, of: version)
    }
    private func fire(_ key: ModelVersion = Loans.key, on bench: Bench) async throws {
        let alert = Alert(
            version: key, monitor: .fairness, policy: "default", severity: .critical, state: .firing,
            memory: AlertMemory(seen: [.init(windowEnd: Bench.now, isFinding: true)]), summary: "sex: lowest for f", detail: .null,
            startedAt: Bench.now, firedAt: Bench.now)
        _ = try await bench.alerts.update(
            key, at: Bench.now, decide: { _, _ in [AlertChange(alert: alert, isAnnounced: false)] }, render: { _ in [] })
    }

    @Test("each has its time first, and neither numbers of streams nor ids of records") func columns() async throws {
        try await withBench { bench in
            let columns = try await bench.rows(
                """
                select c.relname, a.attname, a.atttypid::regtype, a.attnum from pg_class c join pg_attribute a on a.attrelid = c.oid
                where c.relnamespace = 'evenkeel'::regnamespace and c.relkind = 'v' and c.relname like 'grafana\\_%' and a.attnum > 0
                order by 1, 4
                """, columns: 4)
            let views = Set(columns.map { $0[0] ?? "" })
            let first = columns.filter { $0[3] == "1" }
            let names = Set(columns.map { $0[1] ?? "" })
            let grouped = columns.filter { $0[1] == "group_name" }.map { $0[0] ?? "" }
            #expect(views == Set(Self.open + Self.protected))
            #expect(first.count == views.count && first.allSatisfy { $0[1] == "time" && $0[2] == "timestamp with time zone" })
            #expect(names.isDisjoint(with: ["stream_id", "version_id", "record_id", "why", "drivers", "summary", "detail"]), "\(names)")
            #expect(grouped == ["grafana_group_results", "grafana_segment_results"])
        }
    }

    @Test("of each window the newest evaluation is shown, by the names of model and version") func newest() async throws {
        try await withBench { bench in
            let version = try await bench.register()
            let other = try await bench.register(ModelVersion(model: "other", version: "2"))
            try await evaluate(0, 0.25, after: 0, of: version, on: bench)
            try await evaluate(0, 0.5, after: 60, of: version, on: bench)
            try await evaluate(0, 0.75, after: 30, of: version, on: bench)
            try await evaluate(1, 1.5, after: 0, of: version, on: bench)
            try await evaluate(0, 7, after: 90, of: other, on: bench)
            let start = hour(0).start
            let shown = try await bench.rows(
                """
                select model, version, extract(epoch from time - $1)::int, extract(epoch from window_end - time)::int, window_kind,
                       monitor, subject, statistic, value, lower, upper, verdict, current_count
                from evenkeel.grafana_results where model = 'credit' order by time
                """, [.time(start)], columns: 13)
            let rest: [String?] = ["3600", "hour", "feature_drift", "age", "psi"]
            #expect(
                shown == [
                    ["credit", "1", "0"] + rest + ["0.5", "0.25", "0.75", "drifted", "2"],
                    ["credit", "1", "3600"] + rest + ["1.5", "1.25", "1.75", "drifted", "2"],
                ])
            #expect(try await bench.column("select value from evenkeel.grafana_results where model = 'other'") == ["7"])
            let groups = try await bench.rows(
                "select group_name, subject, statistic, value from evenkeel.grafana_group_results where model = 'credit' order by time",
                columns: 4)
            #expect(groups == [["f", "sex", "tpr", "100.5"], ["f", "sex", "tpr", "101.5"]])
            let volume = try await bench.rows(
                "select model, predictions, labelled, label_coverage, baseline from evenkeel.grafana_volume order by model, time",
                columns: 5)
            let row: [String?] = ["10", "4", "0.4", "frozen"]
            #expect(volume == [["credit"] + row, ["credit"] + row, ["other"] + row])
            let models = try await bench.rows("select model, version, stage from evenkeel.grafana_models order by model", columns: 3)
            #expect(models.map { Array($0.prefix(2)) } == [["credit", "1"], ["other", "2"]])
        }
    }

    @Test("alerts are annotations that name no group; what they say is apart") func alerts() async throws {
        try await withBench { bench in
            try await bench.register()
            try await fire(on: bench)
            let shown = try await bench.rows(
                "select model, version, monitor, severity, state, text, tags, timeend from evenkeel.grafana_alerts", columns: 8)
            #expect(
                shown == [["credit", "1", "fairness", "critical", "firing", "credit 1: fairness", "critical,fairness", nil]])
            let texts = try await bench.rows(
                "select t.text from evenkeel.grafana_alert_texts t join evenkeel.grafana_alerts a using (alert_id, time)")
            #expect(texts == [["sex: lowest for f"]])
        }
    }

    @Test("a candidate's looks have the difference and its interval, also before there are labels") func shadow() async throws {
        try await withBench { bench in
            let champion = try await bench.register()
            let candidate = try await bench.register(ModelVersion(model: "credit", version: "2"))
            let store = ShadowStore(database: bench.database)
            try await store.start(champion, candidate, at: Bench.now)
            func look(_ seconds: Int64, _ labelled: Int64, _ verdict: String, former: String?, _ short: String) async throws {
                let look = ShadowLook(
                    at: Bench.now.adding(seconds: seconds), taken: 500, labelled: labelled, verdict: verdict, report: .null)
                #expect(
                    try await store.keep(
                        look, of: champion, candidate, cursor: 0, former: former, short: try JSON.parse(short), messages: []))
            }
            try await look(0, 0, "hold", former: nil, "{}")
            let open =
                #"{"differences":{"brier":{"value":-0.5}},"sequential":{"brier":{"interval":null,"why":"few"}},"reasons":["worse for f"]}"#
            try await look(1, 50, "hold", former: "hold", open)
            let sure = #"{"differences":{"brier":{"value":-0.5}},"sequential":{"brier":{"interval":[-0.75,"Infinity"]}},"reasons":[]}"#
            try await look(2, 150, "promote", former: "hold", sure)
            let shown = try await bench.rows(
                """
                select model, champion, candidate, metric, value, lower, upper, rows, labelled, verdict
                from evenkeel.grafana_shadow order by time
                """, columns: 10)
            #expect(
                shown == [
                    ["credit", "1", "2", nil, nil, nil, nil, "500", "0", "hold"],
                    ["credit", "1", "2", "brier", "-0.5", nil, nil, "500", "50", "hold"],
                    ["credit", "1", "2", "brier", "-0.5", "-0.75", "Infinity", "500", "150", "promote"],
                ])
        }
    }

    @Test("a role may have the views without those of groups, and no function of it sees more") func role() async throws {
        try await withBench(connections: 1) { bench in
            let version = try await bench.register()
            try await evaluate(0, 0.5, after: 0, of: version, on: bench)
            try await fire(on: bench)
            let role = "grafana_\(bench.name)"
            try await bench.run(
                "create role \(role); grant usage on schema evenkeel to \(role);"
                    + Self.open.map { "grant select on evenkeel.\($0) to \(role);" }.joined() + "set role \(role)")
            for view in Self.open { _ = try await bench.int("select count(*) from evenkeel.\(view)") }
            for table in Self.protected + ["result", "evaluation", "alert", "prediction", "newest_evaluation"] {
                await #expect(throws: StoreError.self, "\(table)") { try await bench.int("select count(*) from evenkeel.\(table)") }
            }
            // So cheap that a planner who may asks it before anything else.
            try await bench.run(
                """
                create temp table seen (value float8);
                create function pg_temp.spy(float8) returns boolean language plpgsql cost 0.0000001 as
                    'begin insert into seen values ($1); return true; end';
                """)
            #expect(try await bench.column("select value from evenkeel.grafana_results where pg_temp.spy(value)") == ["0.5"])
            #expect(try await bench.column("select value from seen") == ["0.5"])
            try await bench.run("reset role; drop table seen; drop owned by \(role) cascade; drop role \(role)")
        }
    }

    @Test("the examples of the docs run") func examples() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        let views = try #require(text.components(separatedBy: "## Views for Grafana").last)
        let block = try #require(views.components(separatedBy: "```sql\n").last?.components(separatedBy: "```").first)
        let time = "time between '2026-03-02T00:00:00Z' and '2026-03-11T00:00:00Z'"
        let filled = block.replacing("$__timeFilter(time)", with: time).replacing("$model", with: "credit").replacing("$version", with: "1")
        let queries = filled.components(separatedBy: ";\n").filter { $0.contains("select") }
        try await withBench { bench in
            let version = try await bench.register()
            try await evaluate(0, 0.5, after: 0, of: version, on: bench)
            try await fire(on: bench)
            var shown: [Int] = []
            for query in queries { shown.append(try await bench.rows(query).count) }
            // No disparity and nothing by day was found, and no candidate is there.
            #expect(shown == [1, 0, 0, 1, 1, 0, 1])
        }
    }

    /// Goal: a panel's cost goes by what it shows. Method: the plans of its queries, over five versions with 1,000 hours each.
    @Test(
        "a panel's rows are found by an index",
        arguments: [
            "grafana_results where model = 'credit 3' and window_kind = 'hour' and statistic = 'psi' and $time",
            "grafana_group_results where model = 'credit 3' and window_kind = 'hour' and $time",
            "grafana_volume where model = 'credit 3' and window_kind = 'hour' and $time",
            "grafana_shadow where model = 'credit 3' and $time",
            "grafana_alerts where $time",
        ])
    func plans(query: String) async throws {
        try await withBench { bench in
            for number in 1...5 { try await bench.register(ModelVersion(model: "credit \(number)", version: "1")) }
            try await bench.run(
                """
                create temp table hours as
                    select stream_id, 'hour' as kind, t as start, t + interval '1 hour' as stop from evenkeel.stream,
                    generate_series(timestamptz '2026-01-01', '2026-01-01'::timestamptz + interval '999 hours', '1 hour') t;
                insert into evenkeel.evaluation (stream_id, window_kind, window_start, window_end, evaluated_at, rows, labelled)
                    select stream_id, kind, start, stop, stop, 10, 4 from hours;
                insert into evenkeel.result (stream_id, window_kind, window_start, window_end, evaluated_at, monitor, subject, group_name,
                    statistic, reference_count, current_count, why)
                    select stream_id, kind, start, stop, stop, 'feature_drift', 's' || n, case when n > 5 then 'f' else '' end, 'psi', 1, 1, ''
                    from hours, generate_series(1, 8) n;
                insert into evenkeel.shadow_look (stream_id, candidate_id, looked_at, taken, labelled, verdict, report)
                    select stream_id, 1, start, 1, 1, 'hold', '{}' from hours;
                insert into evenkeel.alert (model, version, monitor, policy, severity, state, memory, summary, detail, started_at)
                    select 'credit', '1', 'fairness', 'p', 'info', 'resolved', '{}', '', '{}', start from hours;
                drop table hours;
                analyze evenkeel.evaluation, evenkeel.result, evenkeel.shadow_look, evenkeel.alert, evenkeel.stream,
                    evenkeel.model_version, evenkeel.model;
                """)
            let time = "time between '2026-01-20T00:00:00Z' and '2026-01-21T00:00:00Z'"
            let plan = try await bench.column("explain select * from evenkeel.\(query.replacing("$time", with: time))")
            for table in ["evaluation", "result", "shadow_look", "alert"] {
                #expect(
                    !plan.contains { $0.contains("Seq Scan on \(table) ") || $0.contains("Seq Scan on \(table)\n") },
                    "\(plan.joined(separator: "\n"))")
            }
            #expect(
                plan.contains {
                    $0.contains("Index") && ["evaluation_pkey", "shadow_look_pkey", "alert_by_start"].contains(where: $0.contains)
                },
                "\(plan.joined(separator: "\n"))")
        }
    }
}
