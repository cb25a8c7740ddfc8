internal import HTTPTypes
internal import Hummingbird
internal import Vocabulary

/// Lets only forms of our own pages change anything: each carries a token that is bound to its route and to this process, and the browser has to
/// say that the request comes from here.
struct FormGuard: Sendable {
    private let key = Digest.random(32)
    /// A page that stays open longer has to be loaded again.
    static let secondsMax: Int64 = 12 * 3600

    func token(for route: String, at now: Timestamp) -> String { token(route, now.microseconds / 1_000_000) }

    private func token(_ route: String, _ seconds: Int64) -> String {
        "\(seconds).\(Digest.hex(Digest.hmacSHA256(key: key, Array("\(seconds) \(route)".utf8))))"
    }

    /// - Throws: 403 when the form does not come from one of our pages.
    func check(_ request: Request, _ form: FormValues, route: String, at now: Timestamp) throws {
        // Stricter than for programs: browsers send at least one of the two headers with every form.
        guard RequestSite(request) == .ours else {
            throw HTTPError(.forbidden, message: "the form was sent from another site")
        }
        let given = form["token"] ?? ""
        guard let seconds = given.split(separator: ".").first.flatMap({ Int64($0) }), seconds <= now.microseconds / 1_000_000 + 60,
            seconds >= now.microseconds / 1_000_000 - Self.secondsMax, Digest.areEqual(Array(given.utf8), Array(token(route, seconds).utf8))
        else { throw HTTPError(.forbidden, message: "the form is of another page, of another process, or too old: load its page again") }
    }
}
