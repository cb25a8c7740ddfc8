internal import HTTPTypes
internal import Hummingbird
internal import Storage
internal import Vocabulary

// What lists have in common: a limit, a place to go on after, and a tag that saves sending what is known.

extension Request {
    /// - Throws: 400 beyond 1…max.
    func limit(standard: Int, max: Int) throws -> Int {
        guard let text = try query("limit") else { return standard }
        guard let limit = Int(text), (1...max).contains(limit) else {
            throw HTTPError(.badRequest, message: "limit: expected 1 to \(max)")
        }
        return limit
    }

    /// A time in the query.
    func time(_ name: String) throws -> Timestamp? {
        guard let text = try query(name) else { return nil }
        guard let time = Timestamp(rfc3339: text), time >= .earliest else {
            throw HTTPError(.badRequest, message: "\(name): expected RFC 3339 such as 2026-01-31T12:00:00Z")
        }
        return time
    }

    /// Where the last answer ended, as its `next` says.
    func after() throws -> Cursor? {
        guard let text = try query("after") else { return nil }
        guard let cursor = Cursor(text) else { throw HTTPError(.badRequest, message: "after: expected the `next` of an answer") }
        return cursor
    }

    /// The answer, or 304 when the client has it already.
    func tagged(_ body: String, type: String = "application/json") -> Response {
        let tag = "\"" + Digest.hex(Digest.sha256(Array(body.utf8)).prefix(16)) + "\""
        var response: Response
        let known = headers[.ifNoneMatch]?.split(separator: ",").map { String($0.drop { $0 == " " }).replacing("W/", with: "") } ?? []
        if known.contains(tag) || known.contains("*") {
            response = Response(status: .notModified)
        } else {
            response = text(body, type: type)
        }
        response.headers[.eTag] = tag
        // It depends on the token, and nobody between us and the client may keep it.
        response.headers[.cacheControl] = "private, no-cache"
        return response
    }

    func tagged(_ json: JSON) -> Response { tagged(json.text + "\n") }
}

/// A place in a list, as a text that the client hands back and need not understand.
struct Cursor: Equatable {
    var parts: [String]

    init(_ parts: [String]) { self.parts = parts }

    init?(_ text: String) {
        guard text.utf8.count <= 2000, let bytes = Digest.fromBase64(text),
            let decoded = String(validating: bytes, as: UTF8.self), let json = try? JSON.parse(decoded),
            let list = json.arrayValue
        else { return nil }
        parts = list.compactMap(\.stringValue)
        guard parts.count == list.count, !parts.contains(where: { $0.contains("\0") }) else { return nil }
    }

    /// base64 that needs no escape in a URL.
    var text: String {
        Digest.base64(Array(JSON.array(parts.map(JSON.string)).text.utf8))
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
