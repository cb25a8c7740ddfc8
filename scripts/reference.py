#!/usr/bin/env python3
"""Writes docs/reference.md and the man page from what the program says of itself.

    scripts/reference.py [--evenkeel .build/debug/evenkeel]            writes docs/reference.md
    scripts/reference.py --man FOLDER [--evenkeel …]                   writes FOLDER/evenkeel.1
    scripts/reference.py --check                                       ends with 1 if docs/reference.md is not what it would write

The source is `evenkeel --experimental-dump-help`: never edit what comes out of it.
"""
import argparse, datetime, json, os, re, subprocess, sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--evenkeel", default=str(root / ".build/debug/evenkeel"))
options.add_argument("--man")
options.add_argument("--check", action="store_true")
given = options.parse_args()


def ask(*words):
    return subprocess.run([given.evenkeel, *words], check=True, capture_output=True, text=True).stdout


tree = json.loads(ask("--experimental-dump-help"))["command"]
version = ask("--version").strip()


def commands(command, path=()):
    """Every command with its words, itself first."""
    words = path + (command["commandName"],)
    yield words, command
    for inner in command.get("subcommands", []):
        if inner["commandName"] != "help":
            yield from commands(inner, words)


def arguments(command):
    return [one for one in command.get("arguments", []) if one.get("shouldDisplay", True) and name(one) not in ("--help", "--version")]


def name(argument):
    if argument["kind"] == "positional":
        return argument.get("valueName", "argument")
    long = [n for n in argument.get("names", []) if n["kind"] == "long"]
    return "--" + (long or argument["names"])[0]["name"]


def usage(argument):
    if argument["kind"] == "positional":
        word = name(argument).upper() + ("..." if argument.get("isRepeating") else "")
    elif argument["kind"] == "flag":
        word = name(argument)
    else:
        word = f"{name(argument)} {argument.get('valueName', 'value').upper()}"
    return f"[{word}]" if argument.get("isOptional") else word


def said(argument):
    text = argument.get("abstract", "")
    default = argument.get("defaultValue")
    if default and "efault" not in text and argument["kind"] != "flag":
        text += f" Default: {default}."
    return text


def markdown():
    cell = lambda text: text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
    out = ["# Commands", "",
           "Every command with its options, written by `scripts/reference.py` from what the program says of itself: do not edit it by hand.",
           "`evenkeel COMMAND --help` says the same. What options mean together is in [configuration.md](configuration.md), [files.md](files.md),",
           "[ingest.md](ingest.md), [reports.md](reports.md) and [operations.md](operations.md).", "", "| command | what it does |", "|---|---|"]
    every = list(commands(tree))
    for words, command in every[1:]:
        title = " ".join(words)
        out.append(f"| [`{title}`](#{title.replace(' ', '-')}) | {cell(command.get('abstract', ''))} |")
    for words, command in every[1:]:
        out += ["", f"## {' '.join(words)}", "", command.get("abstract", ""), ""]
        discussion = command.get("discussion", "").strip("\n")
        if discussion:
            out += ["```", discussion, "```", ""]
        rows = arguments(command)
        if rows:
            out += ["| option | meaning |", "|---|---|"]
            out += [f"| `{usage(one)}` | {cell(said(one))} |" for one in rows]
    return "\n".join(out).rstrip() + "\n"


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "".join(c if ord(c) < 128 else f"\\[u{ord(c):04X}]" for c in text)
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def man():
    day = datetime.date.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", Path(given.evenkeel).stat().st_mtime)))
    out = [f'.TH EVENKEEL 1 "{day}" "evenkeel {version}" "User Commands"', ".SH NAME",
           f"evenkeel \\- {roff(tree['abstract'].rstrip('.'))}", ".SH SYNOPSIS", ".B evenkeel", ".I command", "[options]", ".SH DESCRIPTION",
           ".nf", roff(tree.get("discussion", "").strip("\n")), ".fi", ".SH COMMANDS"]
    for words, command in list(commands(tree))[1:]:
        inner = [one for one in command.get("subcommands", []) if one["commandName"] != "help"]
        rows = arguments(command)
        out += [f".SS {roff(' '.join(words))}", roff(command.get("abstract", ""))]
        if rows:
            out += [".PP", roff(" ".join([*words, *[usage(one) for one in rows if not one.get("isOptional")], "[options]"]))]
        discussion = command.get("discussion", "").strip("\n")
        if discussion:
            out += [".PP", ".nf", roff(discussion), ".fi"]
        for one in rows if not inner or command.get("defaultSubcommand") is None else []:
            out += [".TP", f".B {roff(usage(one).strip('[]'))}", roff(said(one)) or "\\&"]
    out += [".SH EXIT STATUS", ".TP", "0", "done", ".TP", "1", "done and something found, with \\-\\-fail\\-on\\-finding", ".TP", "2",
            "bad usage or bad input", ".TP", "3", "could not run: the database is away, the disk is full", ".SH ENVIRONMENT"]
    for word, meaning in (("EVENKEEL_DATABASE", "a PostgreSQL connection string, where no option names a database"),
                          ("EVENKEEL_LOG", "trace, debug, info, notice, warning or error: how much the log says"),
                          ("EVENKEEL_PG_BIN", "folder of the PostgreSQL server's programs, for the embedded database"),
                          ("EVENKEEL_PRIVACY_KEY", "the key of hashed features"),
                          ("EVENKEEL_CHROMIUM", "the Chromium that prints PDF"),
                          ("EVENKEEL_DUCKDB", "DuckDB's library, which reads Parquet"),
                          ("EVENKEEL_ONNXRUNTIME", "ONNX Runtime's library, for operators of models that are not ours"),
                          ("NO_COLOR", "any text: no colours"), ("COLUMNS", "width of tables on a terminal")):
        out += [".TP", f".B {word}", roff(meaning)]
    out += [".SH SEE ALSO", "The documentation lies in the folder docs of the release and of the repository.", ".SH LICENSE", "GPL\\-3.0\\-or\\-later"]
    return "\n".join(out) + "\n"


if given.man:
    folder = Path(given.man)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evenkeel.1").write_text(man())
    print(folder / "evenkeel.1")
else:
    page = root / "docs/reference.md"
    if given.check:
        if not page.exists() or page.read_text() != markdown():
            sys.exit("docs/reference.md is not what the program says: run scripts/reference.py")
    else:
        page.write_text(markdown())
        print(page)
