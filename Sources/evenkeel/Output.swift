import Foundation

/// A result could not be written. Exit code 3.
struct OutputError: Error, CustomStringConvertible {
    var description: String
}

/// Results go to standard output or to a file, whole or with a word of why not.
enum Output {
    static func write(_ text: String, to path: String?) throws { try write(Data(text.utf8), to: path) }

    static func write(_ data: Data, to path: String?) throws {
        guard let path else {
            do { try FileHandle.standardOutput.write(contentsOf: data) } catch {
                throw OutputError(description: "standard output cannot be written: \(reason(error))")
            }
            return
        }
        do {
            // A file appears whole or not at all; what is no file (a pipe, a device) is written through, and a link is followed.
            let url = URL(filePath: path).resolvingSymlinksInPath()
            let type = try? FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType
            if let type, type != .typeRegular {
                let handle = try FileHandle(forWritingTo: url)
                try handle.write(contentsOf: data)
                try handle.close()
            } else {
                try data.write(to: url, options: .atomic)
            }
        } catch { throw OutputError(description: "\(path): cannot be written: \(reason(error))") }
    }

    private static func reason(_ error: any Error) -> String {
        let error = error as NSError
        let inner = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
        return inner.domain == NSPOSIXErrorDomain
            ? "\(POSIXError.Code(rawValue: Int32(inner.code)).map { POSIXError($0).localizedDescription } ?? "error \(inner.code)")"
            : error.localizedDescription
    }
}
