"""Bad input over HTTP: the right status, an error that says what was expected, the good records kept, the service alive."""

import json
import socket
import zlib

from harness import Client, compressed

JSON_TYPE = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}


def good(id, **changes):
    record = {
        "model": "compas", "version": "1", "id": id, "ts": "2014-06-01T12:00:00Z", "features": {"age": 30, "age_cat": "25 - 45"},
        "score": 0.4, "prediction": 0, "groups": {"sex": "Male", "race": "Other"}}
    record.update(changes)
    return {name: value for name, value in record.items() if value is not ...}


def raw(record, old, new):
    """The record as text with something that json.dumps would never write."""
    text = json.dumps(record)
    assert old in text
    return text.replace(old, new, 1).encode()


class BadInput:
    def __init__(self, checks, service):
        self.checks, self.service = checks, service
        self.client = service.client()
        self.kept = 0  # prediction rows that must be there in the end
        self.serial = 0

    def id(self):
        self.serial += 1
        return f"bad-{self.serial}"

    def ask(self, path, body, headers=JSON_TYPE, method="POST"):
        try:
            return self.client.ask(method, path, body, headers)
        except OSError:
            self.client = self.service.client()  # the server may close the connection after an answer such as 413
            return self.client.ask(method, path, body, headers)

    def whole(self, name, body, status, says, headers=JSON_TYPE, path="/v1/predictions", method="POST"):
        """A request of which nothing can be used: a problem that says what was expected."""
        answer = self.ask(path, body, headers, method)
        try:
            detail = answer.json.get("detail") or answer.text
        except ValueError:
            detail = answer.text
        passed = answer.status == status and all(word in detail for word in says)
        self.checks.true(name, passed, f"{answer.status} {detail.strip()}", f"{status} … {' … '.join(says)}")

    def records(self, name, parts, headers=JSON_TYPE, path="/v1/predictions"):
        """A request of several records; each part is (record or raw bytes, None if good or what its error must say)."""
        bodies = [part if isinstance(part, bytes) else json.dumps(part).encode() for part, _ in parts]
        body = b"\n".join(bodies) if headers is LINES else b"[" + b",".join(bodies) + b"]"
        answer = self.ask(path, body, headers)
        wanted = {i: says for i, (_, says) in enumerate(parts) if says is not None}
        goods = len(parts) - len(wanted)
        status = 202 if goods else 400
        try:
            told = {r["index"]: r["error"] for r in answer.json.get("rejected", [])}
            accepted = answer.json.get("accepted")
        except ValueError:
            told, accepted = {}, None
        passed = (answer.status == status and accepted == goods and told.keys() == wanted.keys()
                  and all(word in told[i] for i, says in wanted.items() for word in says))
        shown = f"{answer.status}, accepted {accepted}, {json.dumps(told, ensure_ascii=False)}" if told or accepted is not None else \
            f"{answer.status} {answer.text}"
        self.checks.true(name, passed, shown, f"{status}, accepted {goods}, {len(wanted)} errors")
        if not passed:
            print(f"        answer: {answer.status} {answer.text[:1500]}\n        wanted: {wanted}")
        if path == "/v1/predictions":
            self.kept += goods

    def one(self, name, bad, *says, path="/v1/predictions", lines=False):
        """A bad record between two good ones, and alone."""
        if path == "/v1/predictions":
            self.records(name, [(good(self.id()), None), (bad, says), (good(self.id()), None)], LINES if lines else JSON_TYPE, path)
        else:
            fine = {"model": "compas", "id": self.id(), "label": 1, "ts": "2014-07-01T00:00:00Z"}
            self.records(name, [(fine, None), (bad, says), ({**fine, "id": self.id()}, None)], LINES if lines else JSON_TYPE, path)

    def run(self):
        self.bodies()
        self.fields()
        self.labels()
        self.repetitions()
        self.large()
        self.other_routes()
        self.torn()
        stored = int(self.service.sql("select count(*) from evenkeel.prediction where record_id like 'bad-%'")[0][0])
        self.checks.equal("rows stored of all these requests: the good ones", stored, self.kept)
        sums = self.service.sql(
            "select (select count(*) from evenkeel.prediction), (select sum(rows) from evenkeel.profile),"
            " (select count(distinct (stream_id, record_id)) from evenkeel.label), (select sum(labelled) from evenkeel.profile)")[0]
        self.checks.equal("profile rows = table rows, profile labelled = labelled ids", sums[1::2], sums[0::2])
        pages = [self.client.get(path).status for path in ("/healthz", "/readyz", "/metrics", "/")]
        self.checks.equal("healthz, readyz, metrics, page", pages, [200] * 4)
        self.checks.true("the service is the same process", self.service.is_alive)

    def bodies(self):
        self.whole("malformed JSON", b'[{"model": ', 400, ["line 1", "expected"])
        self.whole("trailing comma", b'[{"model":"compas"},]', 400, ["line 1", "expected"])
        self.whole("empty body", b"", 400, ["expected"])
        self.whole("empty NDJSON body", b"", 400, ["expected"], LINES)
        self.whole("a number for a body", b"42", 400, ["expected an object, an array"])
        self.whole("NaN literal in an array", b"[" + raw(good("x"), "0.4", "NaN") + b"]", 400, ["line 1", "expected"])
        self.whole("invalid UTF-8 in an array", b"[" + raw(good("x"), "Other", "@").replace(b"@", b"\xff\xfe") + b"]", 400, ["UTF-8"])
        self.whole("nesting of 100,000", b"[" * 100_000, 400, ["nested deeper than"])
        self.whole("a NUL byte", b"\0", 400, ["expected"])
        self.whole("an unclosed string of 1 MB", b'[{"model":"' + b"a" * 1_000_000, 400, ["no end"])
        self.records("an array of scalars and one record", [
            (b"1", ("expected an object",)), (b"null", ("expected an object",)), (b'"x"', ("expected an object",)),
            (b"[]", ("expected an object",)), (good(self.id()), None)])
        self.one("NDJSON: malformed line", b'{"model": ', "line", "expected", lines=True)
        self.one("NDJSON: NaN literal", raw(good("x"), "0.4", "NaN"), "expected a value", lines=True)
        self.one("NDJSON: Infinity literal", raw(good("x"), "0.4", "-Infinity"), "expected a digit", lines=True)
        self.one("NDJSON: 1e999", raw(good("x"), "0.4", "1e999"), "range of a double", lines=True)
        self.one("NDJSON: invalid UTF-8", raw(good("x"), "Other", "@").replace(b"@", b"\xc3\x28"), "UTF-8", lines=True)
        self.one("NDJSON: half a surrogate pair", raw(good("x"), "Other", "\\ud800"), "surrogate", lines=True)
        self.one("NDJSON: U+0000", raw(good("x"), "Other", "a\\u0000b"), "U+0000", lines=True)
        gzipped = self.ask("/v1/predictions", compressed(json.dumps(good(self.id())).encode()), {**JSON_TYPE, "Content-Encoding": "gzip"})
        if gzipped.status == 202:
            self.kept += 1
        self.checks.true(
            "gzip: taken (202), or refused with what is expected (415)",
            gzipped.status == 202 and gzipped.json["accepted"] == 1 or gzipped.status == 415 and "expected" in gzipped.text,
            f"{gzipped.status} {gzipped.text.strip()}", "202 accepted 1, or 415 … expected")
        self.checks.figure("gzip bodies", {202: "taken", 415: "refused with 415"}.get(gzipped.status, gzipped.status))
        broken = self.ask("/v1/predictions", b"no gzip at all", {**JSON_TYPE, "Content-Encoding": "gzip"})
        self.checks.true("gzip that is none", broken.status in (400, 415), f"{broken.status} {broken.text.strip()}", "400 or 415")
        deflate = self.ask("/v1/predictions", zlib.compress(b"[]"), {**JSON_TYPE, "Content-Encoding": "br"})
        self.checks.true("an unknown content-encoding", deflate.status == 415, f"{deflate.status} {deflate.text.strip()}", "415")

    def fields(self):
        self.one("unknown model", good("x", model="nobody"), "nobody", "not registered")
        self.one("unknown version", good("x", version="99"), "version", "not registered")
        self.one("missing model", good("x", model=...), "model", "expected a string")
        self.one("missing version", good("x", version=...), "version", "expected a string")
        self.one("missing id", good(...), "id", "expected a string")
        self.one("id null", good(None), "id", "expected a string")
        self.one("id empty", good(""), "id", "expected 1 to")
        self.one("id of 257 bytes", good("i" * 257), "id: 257 bytes", "expected 1 to 256")
        self.one("id an object", good({"a": 1}), "id", "expected a string")
        self.one("unknown key", good("x", feature={}), "feature", "unknown key", "expected one of")
        self.one("unknown feature", good("x", features={"aeg": 1}), "features.aeg", "expected")
        self.one("features a list", good("x", features=[1]), "features", "expected an object")
        self.one("text for a number", good("x", features={"age": "thirty"}), "features.age", "expected a number")
        self.one("digits in quotes for a number", good("x", features={"age": "30"}), "features.age", "expected a number")
        self.one("object for a level", good("x", features={"age_cat": {}}), "features.age_cat", "expected a string")
        self.one("a level of 501 bytes", good("x", features={"age_cat": "l" * 501}), "features.age_cat: 501 bytes", "expected at most 500")
        self.one("score a text", good("x", score="high"), "score", "expected a number")
        self.one("score true", good("x", score=True), "score", "expected a number")
        self.one("prediction 7", good("x", prediction=7), "prediction", "expected 0 or 1")
        self.one("prediction 0.5", good("x", prediction=0.5), "prediction", "expected 0 or 1")
        self.one("prediction an unknown word", good("x", prediction="perhaps"), "prediction", "expected 0 or 1")
        self.one("unknown group attribute", good("x", groups={"religion": "x"}), "groups.religion", "expected sex, race")
        self.one("groups a text", good("x", groups="Male"), "groups", "expected an object")
        self.one("a group a list", good("x", groups={"sex": ["Male"]}), "groups.sex", "expected a string")
        self.one("negative latency", good("x", latency_ms=-1), "latency_ms", "expected at least 0")
        self.one("cost a text", good("x", cost="cheap"), "cost", "expected a number")
        self.one("measure a text", good("x", measures={"tokens_in": "12"}), "measures.tokens_in", "expected a number")
        self.one("17 measures", good("x", measures={f"m{i}": i for i in range(17)}), "measures", "expected at most 16")
        self.one("ts: seconds sent as milliseconds", good("x", ts=1_400_000_000), "ts", "too early", "expected milliseconds")
        self.one("ts in the year 3000", good("x", ts="3000-01-01T00:00:00Z"), "ts", "ahead")
        self.one("ts 1e300", good("x", ts=1e300), "ts", "expected epoch milliseconds")
        self.one("ts no time", good("x", ts="yesterday"), "ts", "expected RFC 3339")
        self.one("ts the 30th of February", good("x", ts="2014-02-30T00:00:00Z"), "ts", "expected RFC 3339")
        self.one("ts with a zone of 99 hours", good("x", ts="2014-02-03T00:00:00+99:00"), "ts", "expected RFC 3339")
        self.one("ts true", good("x", ts=True), "ts", "expected RFC 3339")
        self.records("quotes, SQL and other scripts in an id and a level, stored as they are", [
            (good("bad-'); drop table evenkeel.label; --", groups={"sex": "x'\\\"; --", "race": "𝔘𝔫𝔦 كود"}), None)])
        stored = self.service.sql("select sex, race from evenkeel.\"compas 1\" where record_id like 'bad-''%'")
        self.checks.equal("… and read back", stored, [["x'\\\"; --", "𝔘𝔫𝔦 كود"]])

    def labels(self):
        label = {"model": "compas", "id": "bad-label", "label": 1, "ts": "2014-07-01T00:00:00Z"}
        self.one("label: unknown model", {**label, "model": "nobody"}, "nobody", "not registered", path="/v1/labels")
        self.one("label: missing id", {k: v for k, v in label.items() if k != "id"}, "id", "expected a string", path="/v1/labels")
        self.one("label: missing", {k: v for k, v in label.items() if k != "label"}, "label", "expected 0 or 1", path="/v1/labels")
        self.one("label: null", {**label, "label": None}, "label", "expected 0 or 1", path="/v1/labels")
        self.one("label: 2", {**label, "label": 2}, "label", "expected 0 or 1", path="/v1/labels")
        self.one("label: 0.5", {**label, "label": 0.5}, "label", "expected 0 or 1", path="/v1/labels")
        self.one("label: an unknown word", {**label, "label": "perhaps"}, "label", "expected 0 or 1", path="/v1/labels")
        self.one("label: a list", {**label, "label": [1]}, "label", "expected 0 or 1", path="/v1/labels")
        self.one("label: ts in the year 3000", {**label, "ts": "3000-01-01T00:00:00Z"}, "ts", "ahead", path="/v1/labels")
        self.one("label: unknown key", {**label, "score": 1}, "score", "unknown key", "expected one of", path="/v1/labels")
        self.one("label: NDJSON, malformed line", b"{", "expected", path="/v1/labels", lines=True)
        self.whole("label: malformed JSON", b"{", 400, ["expected"], path="/v1/labels")

    def repetitions(self):
        id = self.id()
        first = self.ask("/v1/predictions", json.dumps([good(id), good(id, score=0.9), good(id)]).encode())
        self.kept += 1
        self.checks.true("an id three times in a batch", first.status == 202 and first.json["duplicates"] == 2,
                         f"{first.status} {first.text.strip()}", "202, 2 duplicates")
        again = self.ask("/v1/predictions", json.dumps([good(id, score=0.8)]).encode())
        self.checks.true("an id that is stored", again.status == 202 and again.json["duplicates"] == 1,
                         f"{again.status} {again.text.strip()}", "202, 1 duplicate")
        score = self.service.sql(f"select score from evenkeel.prediction where record_id = '{id}'")
        self.checks.equal("the first of them is kept", score, [["0.4"]])
        body = json.dumps([good(self.id())]).encode()
        self.kept += 1
        answers = [self.ask("/v1/predictions", body, {**JSON_TYPE, "Idempotency-Key": "bad-input-1"}) for _ in range(2)]
        self.checks.equal("the same Idempotency-Key twice", [(a.status, a.json["accepted"]) for a in answers], [(202, 1), (202, 1)])
        self.whole("an empty Idempotency-Key", body, 400, ["Idempotency-Key", "expected 1 to 200"], {**JSON_TYPE, "Idempotency-Key": ""})
        self.whole("an Idempotency-Key of 201 bytes", body, 400, ["Idempotency-Key", "expected 1 to 200"],
                   {**JSON_TYPE, "Idempotency-Key": "k" * 201})

    def large(self):
        body = b"[" + b" " * (16 << 20) + b"]"
        answer = self._large(lambda c: c.ask("POST", "/v1/predictions", body, JSON_TYPE))
        self.checks.equal("a body above 16 MiB with its length", answer, 413)
        answer = self._large(lambda c: c.ask(
            "POST", "/v1/predictions", (b" " * 65_536 for _ in range(300)), {**JSON_TYPE, "Transfer-Encoding": "chunked"}, chunked=True))
        self.checks.equal("a body above 16 MiB in chunks", answer, 413)
        self.client = self.service.client()
        many = b"\n".join([b"{}"] * 50_001)
        self.whole("50,001 records", many, 413, ["more than 50000 records"], LINES)
        self.whole("50,001 records in an array", b"[" + many.replace(b"\n", b",") + b"]", 413, ["more than 50000 records"])

    def _large(self, ask):
        """The status, read even when the server stops reading before we stop writing."""
        client = Client(self.service.port)
        try:
            return ask(client).status
        except (BrokenPipeError, ConnectionResetError):
            try:
                return client.connection.response_class(client.connection.sock, method="POST").begin() or 0
            except OSError:
                return "connection reset without an answer"
        finally:
            client.close()

    def other_routes(self):
        self.whole("no such route", b"", 404, [], path="/v1/nothing", method="GET")
        self.whole("results of an unknown model", None, 404, ["not registered"], path="/v1/models/nobody/results", method="GET")
        self.whole("results from no time", None, 400, ["from", "expected RFC 3339"], path="/v1/models/compas/results?from=junk",
                   method="GET")
        self.whole("results of no window", None, 400, ["window", "expected hour, day"], path="/v1/models/compas/results?window=week",
                   method="GET")
        self.whole("results limit 0", None, 400, ["limit", "expected 1 to"], path="/v1/models/compas/results?limit=0", method="GET")
        self.whole("an unknown version", None, 404, ["not registered"], path="/v1/models/compas/versions/99", method="GET")
        self.whole("half a percent escape", None, 400, [], path="/v1/models/%ff/results", method="GET")
        self.whole("registering a ragged CSV", b"a,score\n1,0.5\n2\n", 400, ["3"], {"Content-Type": "text/csv"},
                   path="/v1/models/ragged/versions/1?score=score")
        self.whole("registering a version twice", b"a,score\n1,0.5\n2,0.6\n", 409, ["registered already"], {"Content-Type": "text/csv"},
                   path="/v1/models/compas/versions/1?score=score")
        self.whole("a silence without a time", b'{"model":"compas"}', 400, ["expected"], path="/v1/silences")

    def torn(self):
        """A client that promises more than it sends, and one that speaks no HTTP."""
        for name, text in [("a torn request", b"POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n[{"),
                           ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n")]:
            with socket.create_connection(("127.0.0.1", self.service.port), timeout=10) as plain:
                plain.sendall(text)
        self.checks.true("after a torn request and one that is no HTTP", self.client.get("/healthz").status == 200)
