public import Foundation

/// The golden values and real logs that stand beside a development checkout. A clone without them skips, and says so.
public enum SharedFiles {
    /// The package itself: what is tested beside the Swift code.
    public static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// `../shared` of the package, or nil.
    public static let folder: URL? = {
        let shared = package.deletingLastPathComponent().appending(path: "shared")
        return FileManager.default.fileExists(atPath: shared.path) ? shared : nil
    }()

    public static var isPresent: Bool {
        if folder == nil { print("skipped: ../shared is not there, so its golden values were not compared") }
        return folder != nil
    }

    /// The bytes of a file below `../shared`.
    public static func bytes(_ path: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return Array(try Data(contentsOf: folder.appending(path: path)))
    }
}
