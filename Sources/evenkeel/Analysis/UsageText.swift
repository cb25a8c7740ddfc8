/// A mistake on the command line in one line: what, expected what.
///
/// - Parameter message: what the parser says of it, without the usage.
func usageText(_ message: String) -> String {
    let line = message.split(separator: "\n").joined(separator: " ")
    if line.hasPrefix("The value "), !line.contains("Please provide") { return line + ", expected a number" }
    if line.hasPrefix("Missing value ") {
        let option = line.split(separator: "'").dropFirst().first?.split(separator: " ").first ?? "--option"
        return line + ", expected one after it (what begins with a minus as \(option)=-1)"
    }
    if line.hasPrefix("Unknown option ") { return line + ", expected one of those that --help lists" }
    return line
}
