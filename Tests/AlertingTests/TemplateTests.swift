import Alerting
import TestSupport
import Testing
import Vocabulary

@Suite("Templates of bodies")
struct TemplateTests {
    private func render(_ template: String, _ json: String) throws -> String { try Template(template).render(try JSON.parse(json)) }

    @Test(
        "renders as mustache does",
        arguments: [
            ("plain", "{}", "plain"), ("a{{x}}b", #"{"x":1}"#, "a1b"), ("{{ x }}", #"{"x":"y"}"#, "y"),
            ("{{a.b.c}}", #"{"a":{"b":{"c":true}}}"#, "true"),
            ("{{x}}", #"{"x":"a\"b\\c\nd"}"#, #"a\"b\\c\nd"#), ("{{{x}}}{{&x}}", #"{"x":"a\"b"}"#, #"a"ba"b"#),
            ("{{x}}", #"{"x":null}"#, ""),
            ("{{{x}}}", #"{"x":{"a":[1,2]}}"#, #"{"a":[1,2]}"#), ("{{missing}}", "{}", ""), ("{{#x}}a{{/x}}", #"{"x":true}"#, "a"),
            ("{{#x}}a{{/x}}{{^x}}b{{/x}}", #"{"x":false}"#, "b"), ("{{#x}}a{{/x}}{{^x}}b{{/x}}", #"{"x":[]}"#, "b"),
            ("{{#x}}a{{/x}}{{^x}}b{{/x}}", #"{"x":""}"#, "b"), ("{{#x}}{{.}},{{/x}}", #"{"x":[1,2,3]}"#, "1,2,3,"),
            ("[{{#x}}{{.}}{{^-last}},{{/-last}}{{/x}}]", #"{"x":[1,2,3]}"#, "[1,2,3]"),
            ("{{#x}}{{#-first}}>{{/-first}}{{a}}{{/x}}", #"{"x":[{"a":1},{"a":2}]}"#, ">12"),
            ("{{#x}}{{a}}{{b}}{{/x}}", #"{"b":2,"x":{"a":1}}"#, "12"), ("a{{! not seen }}b", "{}", "ab"),
            ("{{#a}}{{#b}}{{c}}{{/b}}{{/a}}", #"{"a":{"b":{"c":"d"}}}"#, "d"),
            ("{{x}", "{}", "error"), ("é{{x}}ü", #"{"x":"ß"}"#, "éßü"),
        ])
    func renders(template: String, json: String, expected: String) throws {
        if expected == "error" {
            #expect(throws: TemplateError.self) { try Template(template) }
        } else {
            #expect(try render(template, json) == expected)
        }
    }

    @Test(
        "what is wrong is said with its place",
        arguments: [
            ("a\n  {{x", "line 2, column 3: a tag that does not end, expected }}"),
            ("{{{x}}", "line 1, column 1: a tag that does not end, expected }}}"),
            ("a {{#x}}", "line 1, column 3: a section that does not end: x"),
            ("é{{/x}}", "line 1, column 2: the end of x, which did not begin"),
            ("{{#x}}\n{{/y}}", "line 2, column 1: the end of y, expected that of x"),
            ("{{>part}}", "line 1, column 1: partials are not supported"),
            ("{{=<% %>=}}", "line 1, column 1: other delimiters are not supported"),
            ("{{}}", #"line 1, column 1: "", expected a name"#), ("{{a b}}", #"line 1, column 1: "a b", expected a name"#),
            ("{{a..b}}", #"line 1, column 1: "a..b", expected a name"#),
        ])
    func wrong(template: String, message: String) throws {
        let error = try #require(throws: TemplateError.self) { try Template(template) }
        #expect(error.description == message)
    }

    @Test("a name that no message has is an error; one that some have is not")
    func names() throws {
        try Template("{{type}} {{data.model}} {{data.reason}} {{#data}}{{severity}}{{/data}} {{data.resolved_at}}").check(
            with: Messages.samples)
        // The example of docs/configuration.md, and what only some messages hold.
        try Template(
            #"{"findings": [{{#data.detail.findings}}"{{subject}}"{{^-last}},{{/-last}}{{/data.detail.findings}}]}{{#data.alerts}}{{id}}{{/data.alerts}}"#
        ).check(with: Messages.samples)
        try Template("{{data.manifest.callback}} {{data.manifest.training.sql}} {{data.retraining_id}}").check(with: Messages.samples)
        let error = try #require(throws: TemplateError.self) { try Template("{{data.modle}}").check(with: Messages.samples) }
        #expect(error.description == "line 1, column 1: data.modle: no message has it, expected type, timestamp, or a member of data")
    }

    @Test("broken templates of any kind are errors, never traps")
    func anything() {
        var random = Seeded(5)
        let pieces = ["{{", "}}", "{", "}", "#", "^", "/", "x", ".", "!", "&", "=", ">", " ", "\n", "é", "a.b", "{{{", "}}}"]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            if let template = try? Template(text) { _ = template.render(.object(["x": .array([1, 2]), "a": .object(["b": "c"])])) }
        }
    }
}
