import Reporting
import Testing
import Vocabulary

@testable import Pages

@Suite("The pages") struct PagesTests {
    private let sample = Sample()

    @Test("names with HTML and quotes in them are text on every page, and leave no link or attribute open") func hostileNames() {
        for page in Sample.hostile.pages {
            #expect(!page.html.contains("<script>") && !page.html.contains("<b onload"), "\(page.name)")
            // Our own script alone.
            #expect(page.html.ranges(of: "<script").count == 1, "\(page.name)")
        }
        #expect(Sample.hostile.fleet.html(sample.frame).contains("&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"))
        #expect(Sample.hostile.model.html(sample.frame).contains("/models/%22%3E%3Cscript%3E"))
    }

    @Test("no page has a style or a handler in its tags: the content security policy would take it away") func strict() {
        for page in sample.pages + Sample.hostile.pages {
            #expect(!page.html.contains(" style=\"") && !page.html.contains("<style"), "\(page.name)")
            #expect(page.html.firstMatch(of: /\son[a-z]+="/) == nil, "\(page.name)")
            #expect(!page.html.contains("http://") && !page.html.contains("https://"), "\(page.name)")
        }
    }

    @Test("every field of a form has its label, every picture its words, every page its language, title and one first heading")
    func accessible() {
        for page in sample.pages {
            for field in page.html.matches(of: /<(?:input|select)(?![^>]*type="hidden")[^>]* id="([^"]+)"/) {
                #expect(page.html.contains("<label for=\"\(field.1)\""), "\(page.name): \(field.1)")
            }
            #expect(page.html.matches(of: /<(?:input|select) (?![^>]*type="hidden")(?![^>]*id=)/).isEmpty, "\(page.name)")
            for picture in page.html.matches(of: /<svg[^>]*>/) {
                #expect(picture.0.contains("aria-label=") || picture.0.contains("aria-hidden="), "\(page.name): \(picture.0)")
            }
            #expect(page.html.contains("<html lang=\"en\">") && page.html.contains("<title>"), "\(page.name)")
            #expect(page.html.ranges(of: "<h1").count == 1 && page.html.ranges(of: "<main").count == 1, "\(page.name)")
            #expect(!page.html.contains("nan") && !page.html.contains("inf\""), "\(page.name)")
        }
    }

    @Test("tags are closed in the order in which they were opened", arguments: Sample().pages.indices) func wellFormed(place: Int) {
        for page in [sample.pages[place], Sample.hostile.pages[place]] { #expect(unclosed(page.html) == nil, "\(page.name)") }
    }

    /// The first tag that is not closed in its turn.
    private func unclosed(_ html: String) -> String? {
        let void: Set<String> = ["meta", "link", "input"]
        var open: [String] = []
        for tag in html.matches(of: /<(\/?)([a-z0-9]+)(?:[^>"]|"[^"]*")*?(\/?)>/) {
            let name = String(tag.2)
            if tag.1 == "/" {
                if open.popLast() != name { return "/" + name }
            } else if tag.3.isEmpty, !void.contains(name) {
                open.append(name)
            }
        }
        return open.last
    }

    @Test("verdicts are told by a sign and a word, not by colour alone", arguments: Verdict.allCases) func signs(verdict: Verdict) {
        let sign = Sign(verdict)
        #expect(!sign.mark.isEmpty && !sign.word.isEmpty)
        for other in Verdict.allCases where Sign(other).tone != sign.tone {
            #expect(Sign(other).mark != sign.mark && Sign(other).word != sign.word)
        }
    }

    @Test("the fleet puts what fires first, and says how to begin when it is empty") func fleet() {
        var calm = sample.fleet.models[0]
        calm.version.key.model = "a calm one"
        (calm.firing, calm.verdicts, calm.worst) = (0, [.featureDrift: .ok], nil)
        var silent = calm
        silent.version.key.model = "a new one"
        (silent.verdicts, silent.head, silent.trail) = ([:], StreamHead(), [])
        let html = FleetPage(models: [silent, calm] + sample.fleet.models).html(sample.frame)
        let order = ["loan", "a calm one", "a new one"].compactMap { html.firstRange(of: ">\($0)</a>")?.lowerBound }
        #expect(order.count == 3 && order == order.sorted())
        #expect(html.contains("3 models, 1 with a finding") && html.contains("2 alerts fire") && html.contains("50 % of 600"))
        #expect(html.contains("No prediction has come"))
        #expect(FleetPage(models: []).html(sample.frame).contains("<code>evenkeel model register"))
    }

    @Test("a model whose segment alone has a finding is one with a finding, and says where") func segments() {
        var calm = sample.fleet.models[0]
        (calm.firing, calm.verdicts, calm.worst) = (0, [.featureDrift: .ok], nil)
        var parted = calm
        parted.version.key.model = "parted"
        parted.segments = [
            .init(name: "car & bike", verdicts: [.featureDrift: .drifted, .performance: .ok]),
            .init(name: "small", verdicts: [.fairness: .insufficient]),
        ]
        var finding = sample.finding(.featureDrift, "income", "psi", 0.3, .drifted)
        finding.segment = "car & bike"
        parted.worst = finding
        #expect(calm.verdict == .ok && parted.verdict == .drifted)
        let html = FleetPage(models: [calm, parted]).html(sample.frame)
        #expect(html.contains("2 models, 1 with a finding") && html.contains("feature drift in car &amp; bike: "))
        #expect(html.contains("</strong> in car &amp; bike</p>") && !html.contains("in small"))
        let places = ["parted", "loan"].compactMap { html.firstRange(of: ">\($0)</a>")?.lowerBound }
        #expect(places.count == 2 && places == places.sorted())
        // Before the whole was ever judged.
        parted.verdicts = [:]
        #expect(parted.verdict == .drifted)
    }

    @Test("links keep the stretch, the version and the window") func links() {
        var frame = sample.frame
        frame.query = PageQuery(from: Sample.now, to: Sample.now.adding(seconds: 60), version: "a b&c", window: .day)
        let kept = "from=2026-11-21T12:00:30Z&amp;to=2026-11-21T12:01:30Z&amp;version=a%20b%26c&amp;window=day"
        let html = sample.model.html(frame)
        #expect(html.contains("href=\"/models/loan/fairness?\(kept)\"") && html.contains("href=\"/models/loan/features/income?\(kept)\""))
        #expect(html.contains("href=\"/alerts?from=") && html.contains("href=\"/?from="))
        // Another model has other versions.
        #expect(!sample.alerts.html(frame).contains("version=a%20b"))
        #expect(PageQuery().href(["models", "a/b ?ü"]) == "/models/a%2Fb%20%3F%C3%BC")
    }

    @Test("a heat map is bounded and a page of the worst kind weighs less than 200 kB") func weight() {
        var large = Sample(windows: 60, features: 100)
        large.name = "a model with a name of some length"
        large.feature = "a_feature_with_a_name_of_thirty_"
        let frame = PageFrame(
            query: PageQuery(from: Sample.now, to: Sample.now, version: "1", window: .hour), now: Sample.now, build: "0.1.0")
        let page = large.model.html(frame)
        #expect(page.utf8.count < 200_000, "\(page.utf8.count)")
        #expect(page.contains("The worst 40 of 100 features"))
        let links = page.matches(of: /<td(?: class="[a-z]")?>(<a [^>]*>)/).map { $0.1.utf8.count + 4 }
        #expect(!links.isEmpty && links.reduce(0, +) <= 2 * HeatTable.linkBytesMax)
        #expect(Asset.all.values.reduce(0) { $0 + $1.content.utf8.count } < 40_000)
    }

    @Test("every mark leads to its window; calm ones are no stop of the keyboard, and where links are too heavy findings keep theirs")
    func marks() {
        let heads = Sample(windows: 5).heads
        let verdicts: [Verdict?] = [.drifted, .negligible, .insufficient, .noData, nil, .ok]
        func map(_ rows: Int, _ windows: Int, link: String) -> String {
            HeatTable(
                caption: "c", windows: Sample(windows: windows).heads,
                rows: (0..<rows).map { row in
                    HeatTable.Row(name: "r\(row)", href: nil, verdicts: (0..<windows).map { verdicts[(row + $0) % verdicts.count] })
                }, link: { _ in link }
            ).text
        }
        let small = map(6, 5, link: "/x")
        #expect(small.matches(of: /<a href="\/x\?at=[^"]+"(?: tabindex="-1")? aria-label="r[0-9] [0-9T-]+">[▲≈…∅✓]<\/a>/).count == 25)
        #expect(small.matches(of: /tabindex="-1" aria-label="[^"]+">✓/).count == 5 && small.ranges(of: "tabindex=\"-1\"").count == 5)
        #expect(small.contains(heads[0].window.start.rfc3339))
        let large = map(40, 60, link: "/" + String(repeating: "x", count: 100) + "?a=b")
        #expect(large.ranges(of: ">▲</a>").count > 100 && large.ranges(of: ">✓</a>").isEmpty)
        #expect(large.ranges(of: "✓").count == 400 && large.utf8.count < HeatTable.linkBytesMax + 60_000)
    }

    @Test("charts that are wide are drawn for a phone too, and one of the two is shown") func phone() {
        let page = sample.featurePage.html(sample.frame)
        #expect(page.contains("<svg class=\"broad\" viewBox=\"0 0 900 ") && page.contains("<svg class=\"narrow\" viewBox=\"0 0 360 "))
        // What is drawn once is narrow already.
        for picture in sample.pages.flatMap({ $0.html.matches(of: /<svg viewBox="0 0 ([0-9]+)/).map { Double($0.1) ?? 0 } }) {
            #expect(picture <= SeriesCharts.width)
        }
        #expect(StyleSheet.text.contains("figure svg.narrow{display:none}") && StyleSheet.text.contains("figure svg.broad{display:none}"))
    }

    @Test("a p-value too small for a number is not shown as 0") func underflow() {
        var page = sample.featurePage
        for place in page.statistics.indices { (page.statistics[place].finding.pValue, page.statistics[place].finding.adjustedP) = (0, 0) }
        let html = page.html(sample.frame)
        #expect(html.contains("<td class=\"number\">&lt; 1e-300</td><td class=\"number\">&lt; 1e-300</td>"))
        #expect(shortP(1e-300) == "1e-300" && shortP(nil) == "" && shortP(0.05) == "0.05")
    }

    @Test("without the role audit nothing names a group, and each page says what is left out; without operate there are no forms")
    func rights() {
        var frame = sample.frame
        frame.reader = PageReaderRights(seesGroups: false, operates: false)
        let model = sample.model.html(frame)
        #expect(model.contains("A segment of a sensitive attribute is left out: it needs a token with the role <code>audit</code>"))
        #expect(!model.contains("<h2>Segments") && !model.contains("<select id=\"segment\"") && !model.contains("kind=audit"))
        #expect(sample.fairness.html(frame).contains("The rates of single groups, and which groups are farthest apart, are left out"))
        let alerts = sample.alerts.html(frame)
        #expect(!alerts.contains("<form") && alerts.contains("needs a token with the role <code>operate</code>"))
        frame.reader = PageReaderRights(seesGroups: false, operates: true)
        #expect(sample.alerts.html(frame).ranges(of: "<form").count == 3)
    }

    @Test("of a candidate the reasons and values that name groups are left out") func shadowRights() {
        var page = ShadowPage(frame: sample.modelFrame, candidates: [], rollout: nil)
        let report = JSON.object([
            "verdict": "hold", "primary": "log_loss",
            "reasons": .array(["log_loss 0.5 to 0.4: better", "worse for sex = F: log_loss 0.5 to 0.9"]),
            "fairness": .object(["sex": .object(["groups": .array([.object(["group": "F", "labelled": 70])])])]),
            "segments": .array([.object(["group": "women", "labelled": 70])]),
            "guardrails": .array([
                .object(["name": "groups", "state": "broken", "why": "worse for sex = F: much"]),
                .object(["name": "cost", "state": "ok", "why": "twice the cost"]),
            ]),
        ])
        page.candidates = [
            .init(champion: "1", version: "2", format: "xgboost", breaker: "x", brokenAt: Sample.now, report: report, looks: [])
        ]
        page.rollout = .object(["state": "rolled_back", "reason": "worse for sex = F", "changed_at": "then"])
        let all = page.html(sample.frame)
        #expect(all.contains("worse for sex = F: much") && all.contains("<td>women</td>"))
        #expect(all.contains("worse for sex = F: log_loss") && all.contains("<td>F</td>") && all.contains("at then: worse for sex = F"))
        #expect(all.contains("since <time datetime="))
        var frame = sample.frame
        frame.reader.seesGroups = false
        let less = page.html(frame)
        #expect(!less.contains("sex = F") && !less.contains("<td>F</td>") && less.contains("log_loss 0.5 to 0.4: better"))
        #expect(!less.contains("women") && less.contains("twice the cost") && less.contains("needs the role audit"))
        #expect(less.contains("How single groups fare") && less.contains("role <code>audit</code>"))
    }

    @Test("of a live test too") func liveRights() {
        var page = ShadowPage(frame: sample.modelFrame, candidates: [], rollout: nil)
        let group = JSON.object(["attribute": "sex", "group": "F", "labelled": [70, 71]])
        page.live = LiveTest(
            arms: "old,new",
            answer: .report(
                .object([
                    "verdict": "promote", "primary": "log_loss", "reasons": .array(["better", "worse for sex = F"]),
                    "arms": .array([.object(["name": "old", "rows": 9]), .object(["name": "new", "rows": 8])]),
                    "groups": .array([group]), "segments": .array([.object(["segment": "women", "labelled": [7, 8]])]),
                    "disparities": .object(["sex": .object(["equalized_odds_difference": .object(["champion": 0.125])])]),
                ])))
        let all = page.html(sample.frame)
        #expect(all.contains("new beside old") && all.contains("<td>F</td>") && all.contains("70 and 71") && all.contains("women"))
        #expect(all.contains("0.125") && all.contains("worse for sex = F") && all.contains("Over the whole log."))
        var frame = sample.frame
        frame.reader.seesGroups = false
        let less = page.html(frame)
        #expect(less.contains("better") && less.contains("How single groups fare"))
        #expect(!less.contains("<td>F</td>") && !less.contains("women") && !less.contains("0.125") && !less.contains("sex = F"))
        page.live.answer = .problem("arms: <none>")
        #expect(page.html(frame).contains("<p role=\"alert\">arms: &lt;none&gt;</p>"))
    }

    @Test("without a window in the stretch a page says where there is one") func nothing() {
        var page = sample.model
        (page.frame.windows, page.frame.shown) = ([], nil)
        #expect(
            page.html(sample.frame).contains("No hour was evaluated in this stretch.")
                && page.html(sample.frame).contains("show what is newest"))
        page.frame.head = StreamHead(newest: Sample.now)
        #expect(page.html(sample.frame).contains("Not evaluated yet.") && page.html(sample.frame).contains("evenkeel evaluate"))
        page.frame.head = StreamHead()
        #expect(
            page.html(sample.frame).contains("No prediction has come for this version.")
                && page.html(sample.frame).contains("POST /v1/predictions"))
    }

    @Test("a firing alert can be acknowledged once, a resolved one cannot") func acknowledge() {
        var page = sample.alerts
        #expect(page.html(sample.frame).contains("action=\"/alerts/acknowledge\"") && page.html(sample.frame).contains("value=\"12.ab\""))
        page.alerts[0].acknowledgedAt = Sample.now
        page.alerts[0].acknowledgedBy = "ana"
        #expect(
            page.html(sample.frame).contains("Acknowledged by ana") && !page.html(sample.frame).contains("action=\"/alerts/acknowledge\""))
        page.alerts[0].acknowledgedAt = nil
        (page.alerts[0].state, page.alerts[0].resolvedAt) = (.resolved, Sample.now)
        #expect(!page.html(sample.frame).contains("action=\"/alerts/acknowledge\"") && page.html(sample.frame).contains("Resolved (1)"))
    }

    @Test("fairness names the two groups that are farthest apart, and a model without attributes says what to do") func fairness() {
        let html = sample.fairness.html(sample.frame)
        #expect(html.contains("Farthest apart by demographic parity difference: <strong>car</strong> 20 %"))
        #expect(html.contains("unfair") && html.contains("F (600)"))
        var page = sample.fairness
        page.frame.version.schema.sensitive = []
        #expect(page.html(sample.frame).contains("--sensitive"))
    }

    @Test("what is loaded has its digest in its path") func assets() {
        for asset in Asset.all.values {
            #expect(asset.path.contains(asset.tag.dropFirst().dropLast()))
            #expect(!asset.content.contains("http://") || asset.type == "image/svg+xml")
        }
        #expect(
            sample.pages.allSatisfy { $0.html.contains("href=\"\(Asset.style.path)\"") && $0.html.contains("src=\"\(Asset.script.path)\"") }
        )
    }
}
