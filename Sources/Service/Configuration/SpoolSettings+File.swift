internal import Foundation
internal import Vocabulary

extension SpoolSettings {
    mutating func read(_ json: JSON?, _ reader: SettingsReader) {
        let members = reader.members(json, at: "spool", known: ["folder", "bytes_max", "after_seconds"])
        folder = reader.text(members["folder"], at: "spool.folder").map { URL(filePath: $0) } ?? folder
        bytesMax = reader.integer(members["bytes_max"], at: "spool.bytes_max", in: 0...(1 << 43)) ?? bytesMax
        afterSeconds = reader.number(members["after_seconds"], at: "spool.after_seconds", in: 0.05...3600) ?? afterSeconds
    }
}
