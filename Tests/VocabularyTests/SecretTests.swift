import Testing
import Vocabulary

@Suite("A secret is never printed")
struct SecretTests {
    static let word = "hunter2"
    struct Destination {
        var url = "https://example.org"
        var token = Secret(SecretTests.word)
        var spare: Secret? = Secret(SecretTests.word)
        var all = ["key": [Secret(SecretTests.word)]]
    }
    enum Failure: Error { case refused(Secret) }

    @Test("only reveal gives the value")
    func reveal() {
        #expect(Secret(Self.word).reveal() == Self.word)
        #expect(Secret(Self.word) == Secret(Self.word))
        #expect(Secret(Self.word) != Secret("other"))
    }

    @Test("no way of printing a secret, or what holds it, shows the value")
    func printing() {
        let secret = Secret(Self.word)
        let holder = Destination()
        var texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(secret as Any)", "\(Optional(secret) as Any)",
            "\([secret])", "\(["k": secret])", "\((secret, 1))", "\(holder)", String(reflecting: holder), "\(Failure.refused(secret))",
            String(reflecting: Failure.refused(secret)),
        ]
        for thing in [secret, Optional(secret) as Any, [secret], holder, Failure.refused(secret)] as [Any] {
            var text = ""
            dump(thing, to: &text)
            texts.append(text)
            text = ""
            print(thing, to: &text)
            debugPrint(thing, to: &text)
            texts.append(text)
        }
        for text in texts {
            #expect(!text.contains(Self.word))
            #expect(text.contains("•••"))
        }
    }

    @Test("reflection finds no children")
    func reflection() {
        #expect(Mirror(reflecting: Secret(Self.word)).children.isEmpty)
        #expect(Mirror(reflecting: Secret(Self.word)).descendant("value") == nil)
    }
}

@Suite("An address is shown without its secrets")
struct AddressTests {
    @Test(
        "of a URL the password and the query are hidden",
        arguments: [
            ("postgres://keel:hunter2@db.example:5432/keel", "postgres://keel:•••@db.example:5432/keel"),
            ("postgres://keel:hunter2@db/keel?sslmode=require&password=hunter2", "postgres://keel:•••@db/keel"),
            ("postgres://keel:hunt@er2@db/keel", "postgres://keel:•••@db/keel"),
            ("postgres://:hunter2@db", "postgres://:•••@db"),
            ("https://hooks.example/path?token=hunter2", "https://hooks.example/path"),
            ("https://hooks.example?to=a@b:hunter2", "https://hooks.example"),
            ("https://keel@hooks.example/a@b", "https://keel@hooks.example/a@b"),
            ("https://hooks.example/path", "https://hooks.example/path"),
            ("postgres:///keel", "postgres:///keel"),
        ])
    func urls(address: String, shown: String) {
        #expect(withoutSecrets(address) == shown)
    }

    @Test(
        "of a connection string the password is hidden",
        arguments: [
            ("host=db user=keel password=hunter2 dbname=keel", "host=db user=keel password=••• dbname=keel"),
            ("password=hunter2", "password=•••"),
            ("host=/run/postgresql dbname=keel", "host=/run/postgresql dbname=keel"),
            ("password=a=b@c host=db", "password=••• host=db"),
        ])
    func connectionStrings(address: String, shown: String) {
        #expect(withoutSecrets(address) == shown)
    }

    /// Every text here is one that libpq takes (PostgreSQL manual, "Connection Strings"), with `hunter2` in its secret.
    @Test(
        "no spelling that libpq takes lets a part of the password through",
        arguments: [
            "host=db password='my hunter2' dbname=keel",
            "host=db password='my \\' hunter2' dbname=keel",
            "host=db password=my\\ hunter2 dbname=keel",
            "host=db password = hunter2 dbname=keel",
            "host=db\tpassword=hunter2",
            "host=db\npassword=hunter2",
            "host=db sslpassword=hunter2",
            "host=db password=a://hunter2",
            "postgresql://keel:hunter2?x@db/keel",
        ])
    func libpqSpellings(address: String) {
        #expect(!withoutSecrets(address).contains("hunter2"))
    }
}
