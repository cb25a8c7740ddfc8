internal import Reporting
public import Vocabulary

/// Two variants that both serve: what asks for their comparison, and its answer.
public struct LiveTest: Sendable {
    public enum Answer: Sendable {
        /// As `GET /v1/models/{model}/ab` has it.
        case report(JSON)
        /// Why there is none.
        case problem(String)
    }
    /// As the URL has them: two names with a comma, and two numbers.
    public var arms: String
    public var shares: String
    /// nil when nothing was asked.
    public var answer: Answer?

    public init(arms: String = "", shares: String = "", answer: Answer? = nil) {
        (self.arms, self.shares, self.answer) = (arms, shares, answer)
    }

    /// What the fields take.
    public static let textMax = 200
    /// Groups in a table, the largest first.
    static let groupsMax = 60

    func html(_ page: PageFrame, _ frame: ModelFrame, _ path: [String]) -> String {
        var out = """
            <h2 id="live-test">Two variants that both serve</h2>
            <p class="muted">Each serves some of the traffic, and records say which with <code>variant</code>; without one it is their version.</p>
            <form class="range" method="get" action="\(PageQuery().href(path))#live-test" aria-label="Compare two variants">\(kept(page.query))
            <div class="field"><label for="arms">champion, candidate</label><input id="arms" name="arms" value="\(escaped(arms))" required maxlength="\(Self.textMax)" placeholder="old,new"></div>
            <div class="field"><label for="shares">meant shares</label><input id="shares" name="shares" value="\(escaped(shares))" maxlength="\(Self.textMax)" placeholder="0.5,0.5"></div>
            <button type="submit">Compare</button></form>

            """
        switch answer {
        case nil: break
        case .problem(let text): out += "<p role=\"alert\">\(escaped(text))</p>"
        case .report(let report):
            out += answered(ComparisonTables(schema: frame.version.schema, seesGroups: page.reader.seesGroups, report: report), page.query)
        }
        return out
    }

    /// The stretch of the URL is that of the test; a form would drop it.
    private func kept(_ query: PageQuery) -> String {
        [("from", query.from), ("to", query.to)].map { name, time in
            time.map { "<input type=\"hidden\" name=\"\(name)\" value=\"\($0.rfc3339)\">" } ?? ""
        }.joined()
    }

    private func answered(_ tables: ComparisonTables, _ query: PageQuery) -> String {
        let report = tables.report
        let arms = report["arms"]?.arrayValue ?? []
        let names = arms.map { escaped($0["name"]?.stringValue ?? "") }
        let stretch =
            switch (query.from, query.to) {
            case (nil, nil): "the whole log"
            case (let from?, let to?): "\(moment(from)) to \(moment(to))"
            case (let from?, nil): "from \(moment(from))"
            case (nil, let to?): "until \(moment(to))"
            }
        var out =
            "<h3>\(names.reversed().joined(separator: " beside ")) \(tables.verdict)</h3><p class=\"muted\">Over \(stretch).</p>"
            + tables.reasons
        let rows = arms.map { arm in
            [escaped(arm["name"]?.stringValue ?? ""), number(arm["rows"]), number(arm["failed"]), number(arm["labelled"])]
        }
        out += Pages.table(
            ["variant", "rows", "failed", "labelled"], rows, numeric: [1, 2, 3], caption: ratio(report["sample_ratio"]))
        out += tables.differences("differences", caption: "Candidate minus champion, each over rows of its own")
        out += tables.differences("serving", caption: "How they serve")
        out += tables.guardrails + tables.segments(named: "segment")
        let groups = report["groups"]?.arrayValue ?? []
        let disparities = report["disparities"]?.objectValue?.members ?? []
        guard tables.seesGroups else {
            let hides = !groups.isEmpty || !disparities.isEmpty
            return out
                + (hides
                    ? PageReaderRights.leftOut("How single groups fare with each of the two, and the reasons that name groups, are") : "")
        }
        let byAttribute = Dictionary(grouping: groups) { $0["attribute"]?.stringValue ?? "" }
        for (attribute, all) in byAttribute.sorted(by: { $0.key < $1.key }) {
            let shown = all.sorted { labelled($0) > labelled($1) }.prefix(Self.groupsMax)
            let cut = all.count > shown.count ? " (the \(shown.count) largest of \(all.count))" : ""
            out += "<h3>By \(escaped(attribute))</h3>"
            out += tables.groups(shown, "group", named: "group", caption: "\(spoken(tables.primary)) by group of \(attribute)\(cut)")
            out += tables.disparities(disparities.first { $0.0 == attribute }?.1, of: attribute)
        }
        return out
    }

    private func labelled(_ group: JSON) -> Double { (group["labelled"]?.arrayValue ?? []).reduce(0) { $0 + ($1.doubleValue ?? 0) } }

    private func number(_ json: JSON?) -> String { counted(Int64(json?.doubleValue ?? 0)) }

    /// Whether each got the rows that it was meant to: where not, the two had other rows, and nothing else can be believed.
    private func ratio(_ json: JSON?) -> String {
        guard let json else { return "What each served" }
        let isAmiss = json["mismatch"]?.boolValue == true
        return "What each served; the shares are \(isAmiss ? "not " : "")those that were meant (p \(pValue(json["p_value"]?.doubleValue)))"
    }
}
