internal import HTTPTypes
internal import Hummingbird
internal import Pages
internal import Reporting
internal import Storage
internal import Vocabulary

/// `GET /models/{model}/report`: the reports of `evenkeel report` for people, as a page, Markdown or JSON. A fairness audit is of groups, and needs
/// the role audit; without it the others leave groups out.
struct ReportRoute {
    let engine: Engine

    func answer(_ request: Request, model: String, _ caller: Caller) async throws -> Response {
        let form = try request.form
        let query = try form.pageQuery()
        guard let kind = ReportRequest.Kind(rawValue: form["kind"] ?? "monitoring") else {
            throw HTTPError(.badRequest, message: "kind: expected \(ReportRequest.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard caller.seesGroups || kind != .audit else {
            throw HTTPError(.forbidden, message: "kind: an audit tells of single groups, which needs the role audit")
        }
        let formats: [String: ReportFormat] = ["html": .html, "md": .markdown, "json": .json]
        guard let format = formats[form["format"] ?? "html"] else {
            throw HTTPError(.badRequest, message: "format: expected html, md or json; evenkeel report makes PDF too")
        }
        let versions = try await OverviewStore(database: engine.database).versions(of: model)
        guard !versions.isEmpty else { throw HTTPError(.notFound, message: "model: \(model) is not registered") }
        if let wanted = query.version, !versions.contains(where: { $0.key.version == wanted }) {
            throw HTTPError(.notFound, message: "version: \(model) has no version \(wanted)")
        }
        let report = try await ReportReader(engine).report(
            ReportRequest(kind, model: model, version: query.version, from: query.from, to: query.to, window: query.window),
            seesGroups: caller.seesGroups)
        let body = ReportText.render(report, as: format)
        switch format {
        case .html:
            var response = htmlPage(body)
            // The page brings its own style sheet, so that it can be saved as it is.
            response.headers[.contentSecurityPolicy] =
                "default-src 'none'; style-src \(ReportText.stylePolicy); img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            return response
        case .markdown: return text(body, type: "text/markdown; charset=utf-8")
        case .json, .table: return text(body, type: "application/json")
        }
    }
}
