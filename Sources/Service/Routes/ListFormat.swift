internal import HTTPTypes
internal import Hummingbird
internal import Vocabulary

/// What a list is sent as: JSON, or CSV for spreadsheets.
enum ListFormat: Sendable, CaseIterable {
    case json
    case csv

    var type: (main: String, sub: String) { self == .json ? ("application", "json") : ("text", "csv") }

    /// - Parameter accept: the header; nil and whatever takes anything get JSON. Of two that are liked alike the one that is named first.
    /// - Throws: 406 when neither is taken.
    init(accept: String?) throws {
        let ranges = (accept ?? "").split(separator: ",").compactMap(MediaRange.init)
        if ranges.isEmpty {
            self = .json
            return
        }
        let liked = Self.allCases.compactMap { format -> (format: Self, range: MediaRange, place: Int)? in
            let fitting = ranges.enumerated().filter { $0.element.holds(format.type) }
            // What says more of a type decides over what says less.
            guard let best = fitting.max(by: { ($0.element.precision, $1.offset) < ($1.element.precision, $0.offset) }),
                best.element.weight > 0
            else { return nil }
            return (format, best.element, best.offset)
        }
        guard
            let best = liked.max(by: {
                ($0.range.weight, $0.range.precision, $1.place) < ($1.range.weight, $1.range.precision, $0.place)
            })
        else { throw HTTPError(.notAcceptable, message: "Accept: expected application/json or text/csv") }
        // Both by one range, as */*: JSON stands first.
        self = liked.first { $0.range.weight == best.range.weight && $0.place == best.place }?.format ?? best.format
    }

    private struct MediaRange {
        var main: String
        var sub: String
        var weight: Double

        init?(_ text: Substring) {
            let parts = text.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let names = parts.first?.split(separator: "/"), names.count == 2 else { return nil }
            (main, sub) = (String(names[0]), String(names[1]))
            weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
        }

        var precision: Int { main == "*" ? 0 : sub == "*" ? 1 : 2 }
        func holds(_ type: (main: String, sub: String)) -> Bool { (main == "*" || main == type.main) && (sub == "*" || sub == type.sub) }
    }
}

extension Request {
    /// A list as the client asked for it.
    ///
    /// - Parameters:
    ///   - object: the answer as JSON.
    ///   - name: the member that is the list.
    ///   - columns: members of each entry that CSV has.
    /// - Throws: 406 when the client takes neither JSON nor CSV.
    func list(_ object: JSONObject, of name: String, columns: [String]) throws -> Response {
        var response: Response
        switch try ListFormat(accept: headers[.accept]) {
        case .json: response = tagged(.object(object))
        case .csv:
            response = tagged(ListCSV.text(object[name]?.arrayValue ?? [], columns: columns), type: "text/csv; charset=utf-8")
            if let next = object["next"]?.stringValue { response.set("Evenkeel-Next", next) }
            if let note = object["left_out"]?.stringValue { response.set("Evenkeel-Left-Out", note) }
        }
        response.headers[.vary] = "Accept"
        return response
    }
}

/// Entries of a list as CSV (RFC 4180), for spreadsheets too: a text of a caller's that would be a formula there gets an apostrophe before it.
enum ListCSV {
    static let models = ["model", "version", "stage", "task", "features", "sensitive", "reference_rows", "registered_at"]
    static let results = [
        "model", "version", "window", "from", "to", "evaluated_at", "monitor", "subject", "group", "statistic", "value", "lower", "upper",
        "p_value", "p_adjusted", "reference_n", "n", "verdict", "why", "segment",
    ]
    static let changes = [
        "model", "version", "detector", "number", "ts", "labels", "began_at", "error_before", "n_before", "error_after", "n_after",
        "detected_at",
    ]
    static let alerts = [
        "id", "model", "version", "monitor", "policy", "severity", "state", "summary", "started_at", "fired_at", "resolved_at",
        "acknowledged_at", "reminders", "flapping",
    ]
    static let silences = ["id", "model", "monitor", "starts_at", "until", "reason", "matchers"]
    static let retrainings = ["id", "model", "version", "policy", "reason", "state", "new_version", "note", "requested_at"]

    static func text(_ entries: [JSON], columns: [String]) -> String {
        var out = columns.joined(separator: ",") + "\r\n"
        for entry in entries { out += columns.map { cell(entry[$0]) }.joined(separator: ",") + "\r\n" }
        return out
    }

    private static func cell(_ value: JSON?) -> String {
        switch value {
        case nil, .null?: ""
        case .string(let text)?: quoted(isFormula(text) ? "'" + text : text)
        // Numbers are ours; lists and objects begin with a bracket, which is no formula.
        case .some(let other): quoted(other.text)
        }
    }

    private static let formulaStarts: Set<Unicode.Scalar> = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]

    /// Whether a spreadsheet would take it for a formula, also behind blanks. −∞ is a number of ours.
    private static func isFormula(_ text: String) -> Bool {
        guard text != "-Infinity",
            let first = text.unicodeScalars.first(where: { $0 == "\t" || $0 == "\r" || $0 == "\n" || !$0.properties.isWhitespace })
        else { return false }
        return formulaStarts.contains(first)
    }

    private static func quoted(_ text: String) -> String {
        // Also what splits cells where the comma does not: then an opening quote still holds a cell together.
        guard
            text.unicodeScalars.contains(where: { "\",;\t".unicodeScalars.contains($0) || $0.properties.isWhitespace && $0 != " " })
                || text.hasPrefix(" ") || text.hasSuffix(" ")
        else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
