internal import Vocabulary

/// Text for an HTML or SVG page, also within quotes.
public func escaped(_ text: some StringProtocol) -> String {
    var out = ""
    for scalar in String(text).visibleLines.unicodeScalars {
        switch scalar {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        case "'": out += "&#39;"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}
