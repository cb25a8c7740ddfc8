internal import Foundation
public import Tables

/// Which files there are to take.
public enum FileList {
    /// A file as it was seen: when nothing of this has changed, nothing of the file has.
    struct Look: Equatable {
        var path: String
        var inode: UInt64
        var size: Int64
        var modified: Date
    }

    /// The files that are meant: a folder stands for all in it and below whose name ends like a log, in the order of their paths.
    ///
    /// - Throws: ``TableError`` for a path where nothing is.
    public static func files(_ paths: [String]) throws(TableError) -> [String] {
        var files: [String] = []
        for path in paths {
            if path == "-" {
                files.append(path)
            } else if !FileManager.default.fileExists(atPath: path) {
                throw TableError(file: path, line: 1, message: "cannot be read: No such file or directory, expected a file or a folder")
            } else {
                files += isFolder(path) ? below(path) : [path]
            }
        }
        return files
    }

    private static func below(_ folder: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            !name.split(separator: "/").contains { $0.hasPrefix(".") } && isLog(name) && !isFolder(folder + "/" + name)
        }
        .sorted().map { folder.hasSuffix("/") ? folder + $0 : folder + "/" + $0 }
    }

    private static func isFolder(_ path: String) -> Bool {
        let place = URL(filePath: path).resolvingSymlinksInPath().path
        return (try? FileManager.default.attributesOfItem(atPath: place))?[.type] as? FileAttributeType == .typeDirectory
    }

    /// `log.jsonl`, and rotated ones: `log.jsonl.1`, `log.jsonl-20261121`.
    static func isLog(_ name: String) -> Bool {
        let name = name.lowercased()
        return FileForm.endings.contains { ending in
            guard let at = name.range(of: ending, options: .backwards) else { return false }
            return isRotation(name[at.upperBound...])
        }
    }

    /// What rotation puts after a name: nothing, or a number or a date.
    private static func isRotation(_ rest: Substring) -> Bool { rest.allSatisfy { ".-_:0123456789".contains($0) } }

    /// What a watch looks at: a file that is named is followed under the names that rotation gives it.
    static func looks(_ paths: [String]) -> [Look] {
        var found: [String] = []
        for path in paths {
            if isFolder(path) {
                found += below(path)
                continue
            }
            let url = URL(filePath: path)
            let folder = url.deletingLastPathComponent().path
            let name = url.lastPathComponent
            let siblings = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            found += siblings.filter { $0.hasPrefix(name) && isRotation($0.dropFirst(name.count)) }.sorted().map { folder + "/" + $0 }
        }
        return found.compactMap(look)
    }

    /// nil where no file is.
    static func look(_ path: String) -> Look? {
        let place = URL(filePath: path).resolvingSymlinksInPath().path
        guard let facts = try? FileManager.default.attributesOfItem(atPath: place), let size = facts[.size] as? NSNumber,
            let inode = facts[.systemFileNumber] as? NSNumber, let modified = facts[.modificationDate] as? Date
        else { return nil }
        return Look(path: path, inode: inode.uint64Value, size: size.int64Value, modified: modified)
    }

    static func size(_ path: String) -> Int64? { path == "-" ? nil : look(path)?.size }

    /// The path by which a file is known wherever the program is started.
    static func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
}
