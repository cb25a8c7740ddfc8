internal import Reporting
public import Vocabulary

/// What the reader of a page may see, and may do beside reading.
public struct PageReaderRights: Sendable, Equatable {
    /// Values of single groups of protected attributes.
    public var seesGroups: Bool
    /// Acknowledge and silence.
    public var operates: Bool
    public init(seesGroups: Bool = true, operates: Bool = true) {
        self.seesGroups = seesGroups
        self.operates = operates
    }

    /// Stands where something was left out; the text is HTML already.
    static func leftOut(_ what: String) -> String {
        "<p class=\"note\" role=\"note\">\(what) left out: it needs a token with the role <code>audit</code>.</p>"
    }
}

/// What every page has around its content: the head, the ways to the other pages, the foot.
public struct PageFrame: Sendable {
    public enum Section: String, Sendable { case fleet, alerts, health, none }
    public var query: PageQuery
    public var now: Timestamp
    public var build: String
    public var reader: PageReaderRights

    public init(query: PageQuery = PageQuery(), now: Timestamp, build: String, reader: PageReaderRights = PageReaderRights()) {
        self.query = query
        self.now = now
        self.build = build
        self.reader = reader
    }

    /// - Parameters:
    ///   - crumbs: the way to this page, below the fleet.
    ///   - isLive: whether the page is read anew when there is news; an error stays as it is.
    func page(
        _ title: String, _ section: Section, crumbs: [(name: String, href: String)] = [], isLive: Bool = true, _ content: String
    ) -> String {
        func link(_ path: String, _ name: String, _ own: Section) -> String {
            "<li><a href=\"\(query.common.href(path.isEmpty ? [] : [path]))\"\(own == section ? " aria-current=\"page\"" : "")>\(name)</a></li>"
        }
        let way =
            crumbs.isEmpty
            ? ""
            : "<nav aria-label=\"The way here\" class=\"crumbs\"><a href=\"\(query.common.href([]))\">Fleet</a>"
                + crumbs.map { " <span aria-hidden=\"true\">/</span> <a href=\"\($0.href)\">\(escaped($0.name))</a>" }.joined() + "</nav>"
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark"><title>\(escaped(title)) · Evenkeel</title>
            <link rel="icon" type="image/svg+xml" href="\(Asset.icon.path)"><link rel="stylesheet" href="\(Asset.style.path)">
            <script src="\(Asset.script.path)"></script></head>
            <body\(isLive ? " data-live" : "")><a class="skip" href="#main">To the content</a>
            <header><a class="brand" href="\(query.common.href([]))">\(Asset.mark) Evenkeel</a>
            <nav aria-label="Pages"><ul>\(link("", "Fleet", .fleet))\(link("alerts", "Alerts", .alerts))\(link("health", "Health", .health))</ul></nav>
            <p id="live" role="status"></p><button id="theme" type="button" hidden>Theme</button></header>
            <main id="main">\(way)
            \(content)</main>
            <footer>evenkeel \(escaped(build)) · as of \(moment(now)) UTC · <a href="/metrics">metrics</a> · <a href="/v1/models">API</a></footer>
            </body></html>

            """
    }
}
