import Alerting
import Foundation
import Testing
import Vocabulary

/// Tests/Scenarios: the life of alerts as text that an analyst can read and write. Each line is one of
///
///     policy 2 of 3, resolve after 2 [, monitors a, b] [, window day] [, severity critical] [, remind after 6 h]
///       [, inhibited by volume] [, flapping after 3 in 24]
///     hour 4: feature_drift drifted [, fairness ok] [-> what comes of it]
///     hour 4 again: …            the window is evaluated once more
///     silence [feature_drift] [from hour 4] until hour 9 [where policy!=x]
///     maintenance from 02:00 for 90 minutes [where monitor=volume]
///     acknowledge
///     serves no more -> what comes of it
///
/// What comes of it: `nothing`, or for each monitor `pending`, `dropped`, `fires`, `fires in silence`, `reminds`, `goes on`, `resolves`, `resolves in silence`,
/// with the monitor's name before it where there are several. A line that begins with `#` is a comment.
@Suite("Scenarios: the life of an alert, as an analyst reads it")
struct ScenarioTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Scenarios")

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test("comes out as it is written", arguments: try names()) func scenario(name: String) throws {
        var player = ScenarioPlayer()
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty && line.first != "#" {
            let (got, expected) = try player.play(String(line))
            if let expected { #expect(got == expected, "\(name):\(number + 1): \(line)") }
        }
    }

    @Test("there are at least forty, and each expects something") func count() throws {
        let names = try Self.names()
        #expect(names.count >= 40)
        for name in names { #expect(try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8).contains("->"), "\(name)") }
    }
}

struct ScenarioPlayer {
    struct Mistake: Error, CustomStringConvertible { var description: String }

    private var policy = AlertPolicy(name: "scenario", monitors: [.featureDrift])
    private var open: [Alert] = []
    private var silences: [Silence] = []
    private var now = Bench.midnight

    /// - Returns: what came of the line, and what it expects.
    mutating func play(_ line: String) throws -> (got: String, expected: String?) {
        let parts = line.components(separatedBy: "->").map { $0.trimmingCharacters(in: .whitespaces) }
        let expected = parts.count > 1 ? parts[1] : nil
        if let rest = parts[0].dropping("policy ") {
            try read(policy: rest)
        } else if let rest = parts[0].dropping("silence ") {
            let match = try self.match(rest, #/(?:(?!from |until )(\w+) )?(?:from hour (\d+) )?until hour (\d+)(?: where (\S+))?/#)
            var silence = Silence(
                model: Bench.version.model, monitor: try match.1.map { try monitor($0) }, until: end(Int(match.3) ?? 0), reason: "scenario")
            silence.startsAt = match.2.flatMap { Int($0) }.map(end)
            silence.matchers = try matchers(match.4)
            silences.append(silence)
        } else if let rest = parts[0].dropping("maintenance ") {
            let match = try self.match(rest, #/from (\d\d):(\d\d) for (\d+) minutes(?: where (\S+))?/#)
            policy.maintenance.append(
                MaintenanceWindow(
                    name: "scenario", startMinute: (Int(match.1) ?? 0) * 60 + (Int(match.2) ?? 0), minutes: Int(match.3) ?? 0,
                    matchers: try matchers(match.4)))
        } else if parts[0] == "acknowledge" {
            for i in open.indices { (open[i].acknowledgedAt, open[i].acknowledgedBy) = (now, "ada") }
        } else if parts[0] == "serves no more" {
            return (tell(AlertLifecycle(policy: policy).close(open, at: now)), expected)
        } else {
            return (try see(parts[0]), expected)
        }
        return ("nothing", expected)
    }

    private mutating func read(policy text: String) throws {
        for part in text.split(separator: ", ").map(String.init) {
            if let match = part.wholeMatch(of: #/(\d+) of (\d+)/#) {
                (policy.findings, policy.of) = (Int(match.1) ?? 0, Int(match.2) ?? 0)
            } else if let match = part.wholeMatch(of: #/resolve after (\d+)/#) {
                policy.resolveAfter = Int(match.1) ?? 0
            } else if let names = part.dropping("monitors ") {
                policy.monitors = try names.split(separator: " ").map { try monitor($0) }
            } else if let word = part.dropping("window "), let kind = WindowKind(rawValue: word) {
                policy.window = kind
            } else if let word = part.dropping("severity "), let severity = AlertSeverity(rawValue: word) {
                policy.severity = severity
            } else if let match = part.wholeMatch(of: #/remind after (\d+) h/#) {
                policy.remindAfterSeconds = (Int64(match.1) ?? 0) * 3600
            } else if let names = part.dropping("inhibited by ") {
                policy.inhibitedBy = try names.split(separator: " ").filter { $0 != "nothing" }.map { try monitor($0) }
            } else if let match = part.wholeMatch(of: #/flapping after (\d+) in (\d+)/#) {
                (policy.flapAfter, policy.flapWindows) = (Int(match.1) ?? 0, Int(match.2) ?? 0)
            } else {
                throw Mistake(description: "\(part): not understood")
            }
        }
    }

    private func matchers(_ text: Substring?) throws -> [AlertMatcher] {
        guard let text else { return [] }
        guard let matcher = AlertMatcher(String(text)) else { throw Mistake(description: "\(text): \(AlertMatcher.expected)") }
        return [matcher]
    }

    private mutating func see(_ line: String) throws -> String {
        let match = try self.match(line, #/(hour|day) (\d+)( again)?: (.*)/#)
        let kind: WindowKind = match.1 == "day" ? .day : .hour
        let hour = (Int(match.2) ?? 0) * (kind == .day ? 24 : 1)
        let verdicts = try match.4.split(separator: ", ").map { part in
            let words = part.split(separator: " ")
            guard words.count == 2, let verdict = Verdict(rawValue: String(words[1])) else {
                throw Mistake(description: "\(part): not understood")
            }
            return (try monitor(words[0]), verdict)
        }
        let evaluation = Bench.evaluation(hour, verdicts, kind: kind)
        now = evaluation.evaluatedAt
        return tell(AlertLifecycle(policy: policy).observe(evaluation, open: open, silences: silences))
    }

    private mutating func tell(_ changes: [AlertChange]) -> String {
        let words = changes.map { change in
            let before = open.first { $0.monitor == change.alert.monitor }
            open.removeAll { $0.monitor == change.alert.monitor }
            // The newest alert of a monitor stays known after its end, as in the database.
            if !change.isDropped { open.append(change.alert) }
            let word =
                switch (change.alert.state, change.isAnnounced) {
                case _ where change.isDropped: "dropped"
                case (.pending, _): "pending"
                case (.firing, true):
                    change.alert.memory.reminders > 0 ? "reminds" : change.alert.memory.isFlapping ? "fires flapping" : "fires"
                case (.firing, false): before?.state == .firing ? "goes on" : "fires in silence"
                case (.resolved, true): "resolves"
                case (.resolved, false): "resolves in silence"
                }
            return changes.count > 1 || policy.monitors.count > 1 ? "\(change.alert.monitor.rawValue) \(word)" : word
        }
        return words.isEmpty ? "nothing" : words.joined(separator: ", ")
    }

    private func end(_ hour: Int) -> Timestamp { Bench.midnight.adding(seconds: Int64(hour) * 3600) }

    private func monitor(_ word: Substring) throws -> Vocabulary.Monitor {
        guard let monitor = Vocabulary.Monitor(rawValue: String(word)) else { throw Mistake(description: "\(word): no such monitor") }
        return monitor
    }

    private func match<Output>(_ text: String, _ pattern: Regex<Output>) throws -> Output {
        guard let match = text.wholeMatch(of: pattern) else { throw Mistake(description: "\(text): not understood") }
        return match.output
    }
}

extension String {
    fileprivate func dropping(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
