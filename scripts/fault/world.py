"""The service, its database and the disk of its spool: started, and broken."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.request

from fault.clients import FEATURES, MODELS

DISK_MEGABYTES = 3
SMALL_SPOOL = 1 << 20


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Database:
    """The cluster in FOLDER/data. The service watches it (embedded), or we do; both find it by the working folder of its processes."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.data = str(folder / "data" / "data")
        self.socket = str(folder / "data" / "sock")
        self.environment = environment
        # Newest first, as the service looks for it.
        homes = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
        self.tools = pathlib.Path(os.environ.get("EVENKEEL_PG_BIN") or (homes[0] if homes else pathlib.Path(shutil.which("postgres") or "").parent))

    def processes(self):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / "cwd") == self.data:
                    found.append(int(entry.name))
            except OSError:
                pass
        return [pid for pid in found if alive(pid)]

    def signal(self, number):
        """To all of its processes, those that were started meanwhile too."""
        done = set()
        while new := set(self.processes()) - done:
            for pid in new:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            done |= new
        return len(done)

    def start(self):
        """Starts it if nobody has; for the lives in which the service does not."""
        for _ in range(600):
            if self._answers():
                return
            if not self.processes():
                for stale in [pathlib.Path(self.data, "postmaster.pid"), *pathlib.Path(self.socket).glob(".s.PGSQL.*")]:
                    stale.unlink(missing_ok=True)
                owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] if os.geteuid() == 0 else []
                log = str(self.folder / "data" / "postgres.log")
                subprocess.run([*owner, str(self.tools / "pg_ctl"), "-D", self.data, "-l", log, "-w", "-t", "120", "-s", "start"], cwd="/",
                               env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.2)
        raise RuntimeError(f"PostgreSQL does not start: see {self.folder}/data/postgres.log")

    @property
    def url(self):
        return f"host={self.socket} user=evenkeel dbname=evenkeel connect_timeout=20"

    def _answers(self):
        asked = subprocess.run(["psql", "-X", "-q", "-c", "", self.url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return asked.returncode == 0

    def query(self, sql):
        """Rows of texts."""
        answer = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", f"copy ({sql}) to stdout", self.url], capture_output=True, text=True)
        if answer.returncode:
            raise RuntimeError(answer.stderr)
        return [line.split("\t") for line in answer.stdout.splitlines()]


class Disk:
    """The spool's folder: on a small file system of its own, if we may mount one."""

    def __init__(self, folder):
        self.folder = folder / "spool"
        self.folder.mkdir(mode=0o700)
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=0700", "evenkeel-fault", str(self.folder)], stderr=subprocess.DEVNULL)
        self.is_small = bool(mounted) and mounted.returncode == 0
        self.ballast = self.folder / "ballast"

    def fill(self):
        try:
            with open(self.ballast, "wb", buffering=0) as out:
                while out.write(b"\0" * 65536):
                    pass
        except OSError:
            pass

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def unmount(self, keep):
        self.free()
        if not self.is_small:
            return
        if keep:
            shutil.copytree(self.folder, self.folder.with_name("spool.kept"), dirs_exist_ok=True)
        if subprocess.run(["umount", str(self.folder)], stderr=subprocess.DEVNULL).returncode:
            subprocess.run(["umount", "-l", str(self.folder)])
        self.is_small = False


class Service:
    """evenkeel serve, started again whenever it ended."""

    def __init__(self, binary, folder, environment, rng):
        self.binary, self.folder, self.environment, self.rng = binary, folder, environment, rng
        self.log = folder / "log"
        self.log.touch()
        self.process = None
        self.port = None
        self.starts = 0
        self.trouble = []  # ends that nobody asked for
        self.refused_starts = []
        self.expected_end = False
        self.embedded = True

    def start(self, embedded=True, spool_bytes=1 << 30):
        self.embedded, self.spool_bytes = embedded, spool_bytes
        settings = [f"data: {self.folder}/data", "retention: {raw_days: 90}", "evaluate_every_seconds: 5",
                    f"spool: {{folder: {self.folder}/spool, bytes_max: {spool_bytes}, after_seconds: {self.rng.choice([0.3, 1, 2])}}}"]
        if not embedded:
            settings[0] = f"database: host={self.folder}/data/sock user=evenkeel dbname=evenkeel"
        config = self.folder / "evenkeel.yaml"
        config.write_text("\n".join(settings) + "\n")
        arguments = ["serve", "--config", str(config), "--port", "0"] + (["--embedded", "--data", f"{self.folder}/data"] if embedded else [])
        with open(self.log, "a") as log:
            log.write(f"-- {time.strftime('%T')} start {self.starts + 1}: {settings}\n")
            log.flush()
            self.mark = self.log.stat().st_size
            self.process = subprocess.Popen([self.binary, *arguments], cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
                                            env={**os.environ, **self.environment})
        self.port, self.expected_end = None, False
        self.starts += 1

    def _said(self):
        with open(self.log, "rb") as log:
            log.seek(self.mark)
            return log.read().decode("utf-8", "replace")

    def tend(self):
        """Notices what became of it. Returns whether it has ended."""
        code = self.process.poll()
        if code is None:
            if self.port is None and (found := re.search(r"ready on http://127\.0\.0\.1:(\d+)", self._said())):
                self.port = int(found[1])
            return False
        was_ready, self.port = self.port is not None, None
        last = (self._said().strip().splitlines() or ["nothing was said"])[-1]
        if not self.expected_end:
            (self.trouble if was_ready or code < 0 or code == 1 else self.refused_starts).append(f"ended with {code}: {last}")
        return True

    def wait_ready(self, limit):
        end = time.monotonic() + limit
        while self.port is None:
            if self.tend() or time.monotonic() > end:
                raise RuntimeError(f"the service does not start: {self.refused_starts + self.trouble}")
            time.sleep(0.05)

    def end(self, number):
        """kill -9, and that it is gone; or another signal, and then `tend` sees its end."""
        self.expected_end = True
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.port = None
            self.process.wait()

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
            found = re.search(rf"^{name} ([0-9.e+]+)$", answer.read().decode(), re.M)
        return float(found[1]) if found else 0.0

    def register(self):
        reference = self.folder / "reference.csv"
        with open(reference, "w") as out:
            out.write(",".join([f"x{k}" for k in range(FEATURES)] + ["purpose", "score", "repaid", "sex"]) + "\n")
            for _ in range(2000):
                row = [f"{self.rng.gauss(k, 1 + k):.4f}" for k in range(FEATURES)]
                row += [self.rng.choice(["car", "house", "school"]), f"{self.rng.random():.6f}", self.rng.choice("01"), self.rng.choice("FM")]
                out.write(",".join(row) + "\n")
        for model in MODELS:
            spec = self.folder / f"{model}.yaml"
            spec.write_text("score: score\nlabel: repaid\nsensitive: [sex]\n" + ("raw: sample\nraw_share: 0.3\n" if model == "narrow" else ""))
            made = subprocess.run(
                [self.binary, "model", "register", "--name", model, "--version", "1", "--reference", str(reference), "--spec", str(spec),
                 "--data", f"{self.folder}/data"], cwd=self.folder, capture_output=True, text=True)
            if made.returncode:
                raise RuntimeError(f"model register: {made.stderr}")
