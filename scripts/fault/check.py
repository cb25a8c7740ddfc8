"""What is in the tables at the end, beside what the clients were told."""
import collections
import json
import subprocess

PROFILES = """
select s, h, coalesce(n, 0), coalesce(labels, 0), coalesce(rows, 0), coalesce(labelled, 0)
from (select stream_id s, date_trunc('hour', ts) h, count(*) n from evenkeel.prediction group by 1, 2) raw
full join (
    select l.stream_id s, date_trunc('hour', p.ts) h, count(distinct l.record_id) labels
    from evenkeel.label l join evenkeel.prediction p on (p.stream_id, p.record_id, p.ts) = (l.stream_id, l.record_id, l.prediction_ts)
    where p.error is null group by 1, 2) labels using (s, h)
full join (select stream_id s, date_trunc('hour', bucket) h, sum(rows) rows, sum(labelled) labelled from evenkeel.profile group by 1, 2) profile using (s, h)
where (coalesce(n, 0), coalesce(labels, 0)) is distinct from (coalesce(rows, 0), coalesce(labelled, 0)) order by 1, 2"""


class Verdict:
    def __init__(self):
        self.lost = self.doubled = 0
        self.wrong = []
        self.figures = {}

    def note(self, what, found):
        """Adds what was found to the words, some of it by name."""
        if found:
            self.wrong.append(f"{len(found)} {what}: {', '.join(map(str, sorted(found)[:8]))}")
        return len(found)


def check(clients, database):
    verdict = Verdict()
    stored = collections.Counter(row[0] for row in database.query("select record_id from evenkeel.prediction"))
    verdict.lost += verdict.note("acknowledged records are not stored", clients.records - stored.keys())
    doubled = {record: count for record, count in stored.items() if count > 1}
    verdict.doubled += sum(doubled.values()) - len(doubled)
    verdict.note("records are stored more than once", doubled.items())
    verdict.note("records of cut requests are stored", clients.never & stored.keys())

    events = collections.Counter()
    effective = {}
    for record, milliseconds, label in database.query(
            "select record_id, (extract(epoch from ts) * 1000)::bigint, label from evenkeel.label order by ts, label_seq"):
        events[record, int(milliseconds), float(label)] += 1
        effective[record] = float(label)
    told = {(record, time, float(label)) for record, known in clients.labels.items() for time, label in known.items()}
    waiting = {row[0] for row in database.query("select record_id from evenkeel.label_waiting")}
    verdict.lost += verdict.note("acknowledged labels are not joined", told - events.keys())
    verdict.note("labels still wait beside their prediction", waiting & stored.keys())
    doubled = {event: count for event, count in events.items() if count > 1}
    verdict.doubled += sum(doubled.values()) - len(doubled)
    verdict.note("labels are stored more than once", doubled.items())
    verdict.note("records have another label than the last one", {
        record for record, known in clients.labels.items() if record in effective and effective[record] != known[max(known)]})

    different = database.query(PROFILES)
    verdict.doubled += sum(max(0, int(row[4]) - int(row[2])) for row in different)
    verdict.note("hours differ: stream, hour, rows, labelled rows, rows and labelled rows of the profile", {" ".join(row) for row in different})
    rows, labelled = database.query("select coalesce(sum(rows), 0), coalesce(sum(labelled), 0) from evenkeel.profile")[0]
    verdict.figures = {
        "records stored": sum(stored.values()), "label events acknowledged": len(told), "label events stored": sum(events.values()),
        "rows in profiles, labelled": f"{rows}, {labelled}"}
    return verdict


def doctor(binary, folder, verdict):
    """The service's own comparison, count by count, if this build has it. What else it finds (after a clock that jumped) is not ours."""
    if "--profiles" not in subprocess.run([binary, "doctor", "--help"], capture_output=True, text=True).stdout:
        verdict.figures["evenkeel doctor"] = "not in this build"
        return
    found = subprocess.run([binary, "doctor", "--profiles", "--format", "json", "--data", f"{folder}/data"], capture_output=True, text=True)
    if found.returncode not in (0, 1):  # 1: something is wrong, which the checks say
        verdict.wrong.append(f"evenkeel doctor: exit code {found.returncode}: {found.stderr.strip()[:1000]}")
        return
    for line in json.loads(found.stdout)["checks"]:
        if line["check"].startswith("profiles"):
            verdict.figures[f"evenkeel doctor: {line['check']}"] = line["detail"]
            # A version with narrow rows cannot be compared, and says so.
            if line["state"] not in ("ok", "?"):
                verdict.wrong.append(f"evenkeel doctor: {line['check']}: {line['detail']}")
