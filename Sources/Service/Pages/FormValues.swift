internal import Foundation
internal import Hummingbird
internal import Pages
internal import Vocabulary

/// The fields of a form, from a body or from the query of a URL: `application/x-www-form-urlencoded`.
struct FormValues {
    private let values: [String: String]

    /// Fields of a form.
    static let fieldsMax = 32

    /// - Throws: 400 for what is not percent-encoded UTF-8 without NUL.
    init(_ text: some StringProtocol) throws {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&").prefix(Self.fieldsMax) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            func decoded(_ part: some StringProtocol) throws -> String {
                guard let text = String(part).replacingOccurrences(of: "+", with: " ").removingPercentEncoding, !text.contains("\0") else {
                    throw HTTPError(.badRequest, message: "a field of the form is not percent-encoded UTF-8 without NUL")
                }
                return text
            }
            values[try decoded(parts[0])] = parts.count > 1 ? try decoded(parts[1]) : ""
        }
        self.values = values
    }

    /// nil for a field that is not there or empty.
    subscript(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// - Throws: 400 when it is missing or too long.
    func required(_ name: String, upTo limit: Int) throws -> String {
        guard let value = self[name], value.count <= limit else {
            throw HTTPError(.badRequest, message: "\(name): expected 1 to \(limit) characters")
        }
        return value
    }

    func time(_ name: String) throws -> Timestamp? {
        guard let text = self[name] else { return nil }
        guard let time = Timestamp(rfc3339: text), time >= .earliest else {
            throw HTTPError(.badRequest, message: "\(name): expected a time such as 2026-01-31T12:00:00Z")
        }
        return time
    }

    /// What the URL of a page says.
    func pageQuery() throws -> PageQuery {
        var query = PageQuery(
            from: try time("from"), to: try time("to"), version: self["version"], at: try time("at"), segment: self["segment"])
        if let word = self["window"] {
            guard let kind = WindowKind(rawValue: word) else {
                throw HTTPError(.badRequest, message: "window: expected custom, \(WindowKind.words)")
            }
            query.window = kind
        }
        if let from = query.from, let to = query.to, from >= to {
            throw HTTPError(.badRequest, message: "from \(from) is not before to \(to): choose another stretch")
        }
        return query
    }
}

extension Request {
    var form: FormValues { get throws { try FormValues(uri.query ?? "") } }
}
