import FoundationEssentials
import Reporting
import Testing
import Vocabulary

@Suite("The first page")
struct PageTests {
    private func page(_ rows: [Page.Row], alerts: [Alert] = [], build: String = "0.1.0") -> String {
        Page(rows: rows, alerts: alerts, now: Bench.now, buildVersion: build).html
    }
    private func alert(_ summary: String, _ state: AlertState = .firing, id: Int64? = 4) -> Alert {
        Alert(
            id: id, version: ModelVersion(model: "credit", version: "3"), monitor: .fairness, policy: "p", severity: .critical,
            state: state,
            memory: AlertMemory(), summary: summary, detail: .null, startedAt: Bench.now, firedAt: Bench.now)
    }

    @Test("without models it says how to register one, and that no alert has fired")
    func empty() {
        let html = page([])
        #expect(html.hasPrefix("<!doctype html>"))
        #expect(html.contains("<p>No model yet. Register one: <code>evenkeel model register"))
        #expect(html.contains("<p>No alert has fired.</p>"))
        #expect(html.contains("As of 2026-06-01T12:00:30Z."))
        #expect(!html.contains("<article>") && !html.contains("<table>"))
    }

    @Test("a version that was not evaluated says when it will be")
    func notEvaluated() {
        let html = page([Page.Row(version: Bench.version(stage: .candidate), latest: [])])
        #expect(html.contains("<h3>credit <small>3 · candidate</small></h3>"))
        #expect(html.contains("Not evaluated yet: a window is evaluated when it has ended."))
    }

    @Test("a version shows its verdicts, its window and what was found")
    func verdicts() {
        let html = page([Page.Row(version: Bench.version(), latest: [Bench.full])])
        #expect(html.contains("<span class=\"bad\">feature drift: drifted</span>"))
        #expect(html.contains("<span class=\"bad\">fairness: unfair</span>"))
        #expect(html.contains("<span class=\"good\">performance: ok</span>"))
        #expect(html.contains("<span class=\"good\">calibration: negligible</span>"))
        #expect(html.contains("hour from 2026-06-01T11:00:00Z: 200 predictions, 25 % labelled"))
        #expect(html.contains("<td>age</td><td>ks</td><td class=\"number\">0.25</td><td class=\"number\">0.001</td>"))
        #expect(!html.contains("<td>psi</td>"))  // only findings
    }

    @Test("too little data looks neither good nor bad")
    func unknown() {
        let html = page([
            Page.Row(
                version: Bench.version(),
                latest: [Bench.evaluation([Bench.finding(.performance, "", "roc_auc", nil, .noData)], rows: 0, labelled: 0)])
        ])
        #expect(html.contains("<span class=\"unknown\">performance: no data</span>"))
        #expect(html.contains("0 predictions, 0 % labelled"))
    }

    @Test("alerts are listed with their state")
    func alerts() {
        let html = page([], alerts: [alert("age rose"), alert("all well", .resolved, id: nil)])
        #expect(
            html.contains(
                "<td>4</td><td><span class=\"bad\">firing</span></td><td>critical</td><td>2026-06-01T12:00:30</td><td>age rose</td>"))
        #expect(html.contains("<td></td><td><span class=\"good\">resolved</span></td>"))
    }

    @Test(
        "every name is text, whatever stands in it",
        arguments: ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='x", "a & b <b>"])
    func escapes(name: String) {
        let finding = Bench.finding(.featureDrift, name, "ks", 0.9, p: 0.001, .drifted, why: "\"\(name)\" rose")
        let html = page(
            [Page.Row(version: Bench.version(name, name), latest: [Bench.evaluation([finding])])], alerts: [alert(name)], build: name)
        #expect(!html.contains(name))
        #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"))
        let escaped = name.asHTML
        // Model, version, feature, reason, alert and build.
        #expect(html.components(separatedBy: escaped).count - 1 == 6)
    }

    @Test("tags of a page with hostile names are those of a page with plain ones")
    func sameTags() {
        func tags(_ name: String) -> [Substring] {
            let finding = Bench.finding(.fairness, name, "ks", 0.9, p: 0.001, .unfair, why: name)
            return page([Page.Row(version: Bench.version(name, name), latest: [Bench.evaluation([finding])])], alerts: [alert(name)])
                .split(separator: "<").map { $0.prefix { $0 != ">" } }
        }
        #expect(tags("</td></table><script src='//x'>&\"") == tags("plain"))
    }

    @Test("nothing is loaded from elsewhere: no address of another host, no script")
    func selfContained() {
        let html = page([Page.Row(version: Bench.version(), latest: [Bench.full])], alerts: [alert("x")])
        for word in ["http://", "https://", "src=", "@import", "url(", "<script", "<link", "<iframe", "=\"//"] {
            #expect(!html.contains(word), "\(word)")
        }
        let links = html.components(separatedBy: "href=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
        #expect(links == ["/metrics", "/v1/models", "/v1/alerts"])
    }

    @Test("a page stays short, however much was found")
    func bounded() {
        let findings = (0..<500).map { Bench.finding(.featureDrift, "f\($0)", "ks", 0.9, p: 0.001, .drifted) }
        let html = page(
            [Page.Row(version: Bench.version(), latest: [Bench.evaluation(findings)])],
            alerts: (0..<100).map { alert("alert \($0)", id: Int64($0)) })
        #expect(html.components(separatedBy: "<td>feature_drift</td>").count - 1 == 30)
        #expect(html.components(separatedBy: "<td>critical</td>").count - 1 == 20)
    }

    @Test("the same state gives the same page")
    func stable() {
        let rows = [Page.Row(version: Bench.version(), latest: [Bench.full])]
        #expect(page(rows) == page(rows))
    }
}

extension String {
    /// As HTML text.
    fileprivate var asHTML: String {
        map { ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;"][$0] ?? String($0) }.joined()
    }
}
