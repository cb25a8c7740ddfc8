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
        guard Self.isFromHere(site: request.headers[Self.site], origin: request.headers[Self.origin], host: request.head.authority) else {
            throw HTTPError(.forbidden, message: "the form was sent from another site")
        }
        let given = form["token"] ?? ""
        guard let seconds = given.split(separator: ".").first.flatMap({ Int64($0) }), seconds <= now.microseconds / 1_000_000 + 60,
            seconds >= now.microseconds / 1_000_000 - Self.secondsMax, Self.areEqual(given, token(route, seconds))
        else { throw HTTPError(.forbidden, message: "the form is of another page, of another process, or too old: load its page again") }
    }

    private static let site = HTTPField.Name("Sec-Fetch-Site")!
    private static let origin = HTTPField.Name("Origin")!

    /// Browsers send at least one of the two with every form.
    static func isFromHere(site: String?, origin: String?, host: String?) -> Bool {
        if let site { return site == "same-origin" }
        guard let origin, let host, let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...].lowercased() == host.lowercased()
    }

    /// In a time that does not depend on where they differ.
    static func areEqual(_ a: String, _ b: String) -> Bool {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        return a.count == b.count && zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
