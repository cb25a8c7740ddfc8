public import Vocabulary

/// A model card: what the model is and how it does, filled from the registry and live figures; what only its owners know is theirs to say.
///
/// > Source: M. Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
public struct ModelCard: Sendable {
    let facts: ModelFacts
    public init(_ facts: ModelFacts) { self.facts = facts }

    /// What owners may say, by section.
    public static let sections = [
        "owner", "license", "contact", "intended_use", "out_of_scope", "training_data", "ethical_considerations", "caveats",
    ]

    public var report: Report {
        let monitoring = MonitoringReport(facts)
        let quantities = [monitoring.performance, monitoring.calibration, monitoring.fairness]
        var object = facts.head("card")
        object["details"] = details
        object["notes"] = facts.notesJSON(Self.sections)
        object["settings"] = facts.conventions.json
        for section in quantities { object[section.key] = section.json }
        object["labels"] = .object(["predictions": .integer(facts.predictions), "labelled": .integer(facts.labelled)])
        object["digests"] = facts.digests.json
        let schema = facts.version.schema
        var blocks: [Report.Block] = [.heading("Model details"), .table(detailTable)]
        blocks += facts.noteBlocks(["owner", "license", "contact"])
        blocks += [.heading("Intended use")] + facts.noteBlocks(["intended_use", "out_of_scope"])
        blocks += [
            .heading("Factors"),
            .text(
                schema.sensitive.isEmpty
                    ? "No sensitive attribute is registered: whether groups fare alike is not known."
                    : "Groups are compared by \(schema.sensitive.joined(separator: ", "))\(schema.sensitive.count > 1 ? " and by all of them together" : "")."
            ),
            .heading("Training and evaluation data"),
        ]
        blocks += facts.noteBlocks(["training_data"])
        blocks += [
            .text(
                "Compared with a reference of \(counted(facts.version.referenceRows)) rows, frozen at registration. The figures below are of \(counted(facts.predictions)) predictions in production, \(facts.stretch), of which \(counted(facts.labelled)) have their label."
            )
        ]
        if let problem = facts.wholeProblem { blocks.append(.text("The stretch as one window could not be judged: \(problem)")) }
        blocks += quantities.flatMap(\.blocks)
        blocks += [.heading("Ethical considerations")] + facts.noteBlocks(["ethical_considerations"])
        blocks += [.heading("Caveats")] + facts.noteBlocks(["caveats"]) + caveats.map { .text($0) } + [facts.origin]
        return Report(
            title: "Model card: \(facts.key)", json: .object(object), blocks: blocks, hasFinding: !monitoring.found.isEmpty)
    }

    private var detailRows: [(String, String)] {
        let schema = facts.version.schema
        var rows = [
            ("model", facts.key.model), ("version", facts.key.version), ("stage", facts.version.stage.rawValue),
            ("registered", "\(facts.version.registeredAt.rfc3339.prefix(19))Z"), ("task", schema.task.rawValue),
        ]
        switch schema.task {
        case .binary:
            rows += [
                ("positive label", schema.positiveLabel),
                ("decision", "positive from a score of \(shortNumber(schema.threshold)), unless the record has its own"),
            ]
        case .multiclass: rows.append(("classes", schema.classes.joined(separator: ", ")))
        case .regression: break
        }
        let kinds = FeatureKind.allCases.compactMap { kind -> String? in
            let count = schema.features.count { $0.kind == kind }
            return count > 0 ? "\(count) \(kind.rawValue)" : nil
        }
        rows += [
            ("features", "\(schema.features.count)\(kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))")"),
            ("sensitive attributes", schema.sensitive.joined(separator: ", ")),
        ]
        return rows.filter { !$0.1.isEmpty }
    }
    private var detailTable: Report.Table { Report.Table(["what", "value"], detailRows.map { [$0.0, $0.1] }) }
    private var details: JSON {
        .object([
            "registered_at": .string(facts.version.registeredAt.rfc3339), "reference_rows": .integer(facts.version.referenceRows),
            "schema": facts.version.schema.json,
        ])
    }

    /// What the figures themselves warn of.
    private var caveats: [String] {
        var out: [String] = []
        if facts.predictions > 0, facts.labelled < facts.predictions {
            let share = Double(facts.labelled) / Double(facts.predictions)
            out.append(
                "Labels cover \(percent(share)) of the predictions. Where a label depends on the decision, as with loans that were refused, those that are known are no fair sample."
            )
        }
        let small = (facts.whole?.findings ?? []).filter {
            $0.monitor == .fairness && !$0.group.isEmpty && $0.currentCount < facts.conventions.groupRowsMin
        }
        let names = Set(small.map { "\($0.subject) \($0.group)" }).sorted()
        if !names.isEmpty {
            out.append(
                "Too few rows for a verdict (under \(facts.conventions.groupRowsMin)): \(names.prefix(12).joined(separator: ", "))\(names.count > 12 ? ", …" : "")."
            )
        }
        out.append("A difference between groups is no proof of discrimination, and none is no proof of its absence: it says where to look.")
        return out
    }
}

extension ModelFacts {
    func notesJSON(_ sections: [String]) -> JSON {
        .object(JSONObject(sections.map { section in (section, JSON(notes.first { $0.section == section }?.text)) }))
    }

    /// What owners say of these sections, and where they say nothing that it is theirs to say.
    func noteBlocks(_ sections: [String]) -> [Report.Block] {
        sections.map { section in
            let title = spoken(section)
            return .text(
                "\(title.prefix(1).uppercased())\(title.dropFirst()): \(notes.first { $0.section == section }?.text ?? "not said (--notes, \(section):)")"
            )
        }
    }
}

/// A datasheet of the data that a model is judged by: its reference, and what came in the stretch.
///
/// > Source: T. Gebru et al., "Datasheets for Datasets", Communications of the ACM 64 (12), 2021.
public struct Datasheet: Sendable {
    let facts: ModelFacts
    public init(_ facts: ModelFacts) { self.facts = facts }

    public static let sections = ["motivation", "collection", "preprocessing", "uses", "distribution", "maintenance"]

    public var report: Report {
        let schema = facts.version.schema
        var object = facts.head("datasheet")
        object["notes"] = facts.notesJSON(Self.sections)
        object["reference_rows"] = .integer(facts.version.referenceRows)
        object["registered_at"] = .string(facts.version.registeredAt.rfc3339)
        object["predictions"] = .integer(facts.predictions)
        object["labelled"] = .integer(facts.labelled)
        object["schema"] = schema.json
        object["columns"] = .array(
            facts.columns.map {
                .object([
                    "name": .string($0.name), "kind": .string($0.kind), "privacy": .string($0.privacy), "reference": $0.reference.json,
                    "current": $0.current?.json ?? .null,
                ])
            })
        object["digests"] = facts.digests.json
        var table = Report.Table(["column", "kind", "kept as", "missing then", "missing now", "reference", "stretch"], [])
        for column in facts.columns {
            table.rows.append([
                column.name, column.kind, column.privacy, column.reference.missingShare.map(percent) ?? "",
                column.current?.missingShare.map(percent) ?? "", column.reference.values, column.current?.values ?? "",
            ])
        }
        var blocks: [Report.Block] = [.heading("Motivation")] + facts.noteBlocks(["motivation"])
        blocks += [
            .heading("Composition"),
            .text(
                "A reference of \(counted(facts.version.referenceRows)) rows, registered \(facts.version.registeredAt.rfc3339.prefix(10)) with \(facts.key); and \(counted(facts.predictions)) predictions of \(facts.stretch), of which \(counted(facts.labelled)) have their label. Kept are counts and sums of the reference; of the predictions also rows\(schema.raw == .all ? "" : " (\(schema.raw.word))")."
            ), .table(table),
            .text(
                schema.sensitive.isEmpty
                    ? "No sensitive attribute is among them."
                    : "Sensitive attributes: \(schema.sensitive.joined(separator: ", ")). Values per group are read by the role audit only."
            ),
        ]
        if !schema.dropped.isEmpty { blocks.append(.text("Dropped before anything is stored: \(schema.dropped.joined(separator: ", ")).")) }
        for section in Self.sections.dropFirst() {
            blocks += [.heading(section.prefix(1).uppercased() + section.dropFirst())] + facts.noteBlocks([section])
        }
        return Report(title: "Datasheet: data of \(facts.key)", json: .object(object), blocks: blocks + [facts.origin])
    }
}
