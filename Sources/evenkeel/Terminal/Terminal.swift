import Foundation
import Glibc
import Reporting

/// What standard output is: whether it shows colours, and how wide it is.
enum Terminal {
    static let isOutput = isatty(STDOUT_FILENO) == 1

    /// https://no-color.org: any text in NO_COLOR means none. A terminal that calls itself dumb has none either.
    static var isColoured: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isOutput && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// A line beside the result, on standard error.
    static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// Narrower ones get tables that are wider than they are.
    static let columnsMin = 40

    /// nil where standard output is none, so that what is piped is not cut.
    static let columns: Int? = {
        guard isOutput else { return nil }
        if let named = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }) { return max(columnsMin, named) }
        var size = winsize()
        let status = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        return status == 0 && size.ws_col > 0 ? max(columnsMin, Int(size.ws_col)) : nil
    }()
}

extension TextTable {
    /// As wide as the terminal, if there is one.
    var fitted: String { text(width: Terminal.columns) }
}
