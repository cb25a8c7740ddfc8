internal import Alerting
internal import Foundation
internal import NIOSSL
internal import Vocabulary

extension ServiceConfiguration {
    /// `outgoing:`: which networks messages may go to.
    mutating func readTargets(_ json: JSON?, _ reader: SettingsReader) {
        let members = reader.members(json, at: "outgoing", known: ["allow"])
        for (i, word) in (reader.texts(members["allow"], at: "outgoing.allow") ?? []).enumerated() where !targets.allow(word) {
            reader.problem(
                "outgoing.allow[\(i)]", "\"\(word)\", expected loopback, private, link_local, an address, or a range such as 10.1.0.0/16")
        }
    }

    mutating func readDestinations(_ json: JSON?, _ reader: SettingsReader, _ environment: [String: String]) {
        for (i, item) in (reader.list(json, at: "destinations") ?? []).enumerated() {
            let path = "destinations[\(i)]"
            let members = reader.members(
                item, at: path,
                known: [
                    "name", "url", "format", "secret", "former_secret", "authorization", "routing_key", "timeout_seconds", "template",
                    "content_type", "ca_file",
                ])
            guard let name = reader.text(members["name"], at: path + ".name") else {
                reader.problem(path + ".name", "missing, expected a name")
                continue
            }
            if destinations.contains(where: { $0.name == name }) { reader.problem(path + ".name", "\(name) is named twice") }
            guard let url = Self.secret(members["url"], at: path + ".url", reader, environment) else {
                reader.problem(path + ".url", "missing, expected an http or https URL")
                continue
            }
            if let problem = TargetURL.problem(url, targets) { reader.problem(path + ".url", problem) }
            var destination = Destination(name: name, url: url)
            destination.format = reader.choice(members["format"], at: path + ".format") ?? .standard
            destination.secret = Self.secret(members["secret"], at: path + ".secret", reader, environment)
            destination.formerSecret = Self.secret(members["former_secret"], at: path + ".former_secret", reader, environment)
            if destination.formerSecret != nil, destination.secret == nil {
                reader.problem(path + ".former_secret", "stands without secret, expected the new one beside it")
            }
            destination.authorization = Self.secret(members["authorization"], at: path + ".authorization", reader, environment)
            destination.routingKey = Self.secret(members["routing_key"], at: path + ".routing_key", reader, environment)
            if destination.format == .pagerduty, destination.routingKey == nil {
                reader.problem(path + ".routing_key", "missing, expected PagerDuty's integration key")
            }
            destination.timeoutSeconds =
                reader.integer(members["timeout_seconds"], at: path + ".timeout_seconds", in: 1...30) ?? destination.timeoutSeconds
            destination.authoritiesFile = Self.authorities(members["ca_file"], at: path + ".ca_file", url, reader)
            readTemplate(members, of: &destination, at: path, reader)
            destinations.append(destination)
        }
    }

    /// A file that is missing or holds no certificate would only be told by the first alert.
    private static func authorities(_ json: JSON?, at path: String, _ url: Secret, _ reader: SettingsReader) -> String? {
        guard let file = reader.text(json, at: path) else { return nil }
        if !url.reveal().lowercased().hasPrefix("https:") { reader.problem(path, "is for https, and this URL is http") }
        guard let data = FileManager.default.contents(atPath: file) else {
            reader.problem(path, "\(file) cannot be read, expected a PEM file")
            return nil
        }
        if (try? NIOSSLCertificate.fromPEMBytes(Array(data)))?.isEmpty ?? true {
            reader.problem(path, "\(file) holds no certificate in PEM")
        }
        return file
    }

    private func readTemplate(_ members: [String: JSON], of destination: inout Destination, at path: String, _ reader: SettingsReader) {
        destination.contentType = reader.text(members["content_type"], at: path + ".content_type") ?? destination.contentType
        if destination.contentType.contains(where: \.isNewline) { reader.problem(path + ".content_type", "expected one line") }
        guard destination.format == .template else {
            for key in ["template", "content_type"] where members[key] != nil {
                reader.problem("\(path).\(key)", "is for the format template, and this one is \(destination.format.rawValue)")
            }
            return
        }
        guard let text = templateText(members["template"], at: path + ".template", reader) else { return }
        do throws(TemplateError) {
            let template = try Template(text)
            destination.template = template
            // What cannot be told from the text is told by made-up messages.
            try template.check(with: Messages.samples)
            for sample in Messages.samples {
                guard destination.contentType.hasPrefix("application/json") else { break }
                do { _ = try JSON.parse(template.render(sample)) } catch {
                    // Without the text itself: it may hold a key of the receiver's.
                    reader.problem(
                        path + ".template",
                        "the body of a message of type \(sample["type"]?.stringValue ?? "") is no JSON: \(error)")
                    return
                }
            }
        } catch { reader.problem(path + ".template", "\(error)") }
    }

    /// The text itself, or `{file: PATH}`.
    private func templateText(_ json: JSON?, at path: String, _ reader: SettingsReader) -> String? {
        guard let json, json != .null else {
            reader.problem(path, "missing, expected a text or {file: PATH}")
            return nil
        }
        if case .string(let text) = json { return text }
        guard let file = reader.text(reader.members(json, at: path, known: ["file"])["file"], at: path + ".file") else { return nil }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            reader.problem(path + ".file", "\(file) cannot be read")
            return nil
        }
        return text
    }
}
