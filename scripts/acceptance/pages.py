#!/usr/bin/env python3
"""Does what a page of the documentation says: runs its ```sh and ```python blocks in their order, as somebody who pastes them would.

    scripts/acceptance/pages.py docs/quickstart.md [--evenkeel .build/debug/evenkeel] [--port N] [--keep] [--skip TEXT]...

One shell in a new folder with a new HOME; `evenkeel` in the PATH is the program that is named. With --port another port than 8080 is used throughout. Blocks
that hold a text of --skip are left out and said. Blocks without a language are what the page says comes out, and are not compared. Exit code 1 when a block fails.
"""
import argparse, os, re, shutil, signal, subprocess, sys, tempfile, time
from pathlib import Path

root = Path(__file__).resolve().parents[2]
options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("page")
options.add_argument("--evenkeel", default=str(root / ".build/debug/evenkeel"))
options.add_argument("--port", type=int)
options.add_argument("--keep", action="store_true")
options.add_argument("--skip", action="append", default=[])
given = options.parse_args()

blocks = re.findall(r"^```(sh|python)\n(.*?)^```$", Path(given.page).read_text(), re.M | re.S)
folder = Path(tempfile.mkdtemp(prefix="ek-page-"))
folder.chmod(0o755)
for name in ("home", "bin", "work"):
    (folder / name).mkdir(mode=0o755)
(folder / "bin/evenkeel").symlink_to(Path(given.evenkeel).resolve())
script = ["set -e -o pipefail", "trap 'echo \"### failed\" >&2' ERR"]
for number, (language, text) in enumerate(blocks):
    if any(word in text for word in given.skip):
        print(f"block {number + 1} is left out: {text.splitlines()[0]}")
        continue
    if given.port:
        text = text.replace("localhost:8080", f"localhost:{given.port}").replace("evenkeel serve ", f"evenkeel serve --port {given.port} ")
    script.append(f"echo; echo '### block {number + 1} ({language}) '$(date +%T)")
    if language == "python":
        (folder / f"work/block{number + 1}.py").write_text(text)
        script.append(f"python3 block{number + 1}.py")
    else:
        script.append(text)
# What a page leaves running ends here, as a terminal that is closed ends it.
script.append("kill $(jobs -p) 2>/dev/null || true; wait; echo; echo '### all blocks done'")
environment = {"HOME": str(folder / "home"), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "LANG": "C.UTF-8", "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
began = time.time()
process = subprocess.Popen(["bash", "-c", "\n".join(script)], cwd=folder / "work", env=environment, start_new_session=True)
status = process.wait()
try:
    os.killpg(process.pid, signal.SIGTERM)
except ProcessLookupError:
    pass
print(f"{time.time() - began:.0f} s, status {status}, in {folder}")
if not given.keep and status == 0:
    shutil.rmtree(folder, ignore_errors=True)
sys.exit(1 if status else 0)
