internal import Reporting

/// What a person sees instead of a page, with what to do next.
public struct ErrorPage: Sendable {
    public var status: Int
    public var title: String
    public var detail: String

    /// Whether a form was sent: then the page that it came from is at fault.
    public var isOfForm = false

    public init(status: Int, title: String, detail: String) {
        self.status = status
        self.title = title
        self.detail = detail
    }

    public func html(_ frame: PageFrame) -> String {
        frame.page(
            title, .none, isLive: false,
            """
            <h1>\(status) \(escaped(title))</h1>
            <p>\(escaped(detail))</p>
            <p>\(next)</p>
            """)
    }

    private var next: String {
        switch status {
        case 404: "The <a href=\"/\">fleet</a> lists every model that is registered."
        case 400: "Go back and change what the address or the form says, or begin at the <a href=\"/\">fleet</a>."
        case 401:
            "<a href=\"/\">Open the fleet</a>, and the browser asks for a name and a password: the password is your token, any name will do. Who has none asks whoever runs the service, who makes one with <code>evenkeel token create --name NAME --roles read</code>; the role <code>operate</code> may also acknowledge and silence, <code>audit</code> sees groups of sensitive attributes."
        case 403 where isOfForm:
            "Forms work only from this service's own pages, and for some hours: open <a href=\"/alerts\">the alerts</a> again."
        case 403: "Ask whoever runs the service for a token that may: <code>evenkeel token create</code> has roles and models."
        case 421: "Open the service by its own name."
        case 503:
            "Reload in a few seconds. <a href=\"/health\">Service health</a> and the log of the service say more; records go on to the spool meanwhile."
        default: "The log of the service says which. <a href=\"/health\">Service health</a> may say more."
        }
    }
}
