#!/usr/bin/env python3
"""Every flag, -o option and YAML key stands in its manual page, and no other does."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def code_flags(path, array):
    """The flags of a table that are taken: those with a reason are there to be refused."""
    body = re.search(rf"{array}\{{(.*?)\n}};", read(path), re.DOTALL).group(1)
    entries = re.findall(r'Flag\{"(-[^"]+)"([^{}]*)\}', body, re.DOTALL)
    return {flag for flag, rest in entries if '"' not in rest and not
            re.search(r"\b(no_session|no_sharing|local_only)\b", rest)}


def code_options(path):
    return set(re.findall(r'^    \{"([A-Z]\w+)",', read(path), re.MULTILINE))


def code_keys(path):
    """What a reader asks for; a key that is found only to be refused is none."""
    text = read(path)
    keys = set(re.findall(r'\.(?:optional|required|find)\(\s*"(\w+)"', text))
    return keys - set(re.findall(r'\.find\("(\w+)"\)\) \{\s*\w+->fail', text))


def page_flags(text):
    """`.It Fl a , Fl -long`, `.It Fl N , T , n`."""
    flags = set()
    for line in re.findall(r"^\.It (Fl .*)$", text, re.MULTILINE):
        for word in re.split(r"\s*,\s*", line):
            name = word.removeprefix("Fl ").split()[0]
            flags.add("-" + name)
    return flags


def page_words(text):
    """Names after Cm in list items, continuation lines included."""
    items = re.findall(r"^\.It (?!Fl)(?:Xo\n)?((?:\.?(?:Cm|It) .*\n?)+|.*)", text, re.MULTILINE)
    return {word for item in items for word in re.findall(r"\b[A-Za-z_]\w+\b", item)}


def compare(what, page, code, shown):
    missing = sorted(code - shown)
    return [f"{page}: nothing about {what} {name}" for name in missing]


# What reads keys that both configuration files have.
OF_BOTH_FILES = ("common/config/log_section.cpp", "common/config/algorithm_lists.cpp")


def main():
    faults = []
    client = read("client/culvert.1")
    flags = (code_flags("client/tunnel_options.cpp", "tunnel_flags")
             | code_flags("client/options.cpp", "up_flags")
             | code_flags("client/options.cpp", "check_flags")
             | code_flags("client/options.cpp", "keygen_flags"))
    server = read("server/culvertd.8")
    server_flags = code_flags("server/options.cpp", "flags")
    faults += compare("the flag", "client/culvert.1", flags, page_flags(client))
    faults += compare("the flag", "server/culvertd.8", server_flags, page_flags(server))
    faults += [f"client/culvert.1: {flag} is no flag" for flag in page_flags(client) - flags]
    faults += [f"server/culvertd.8: {flag} is no flag"
               for flag in page_flags(server) - server_flags]
    options = code_options("client/ssh_options.cpp")
    faults += compare("-o", "client/culvert.1", options, page_words(client))
    for page, source in (("client/culvert.yaml.5", "client/config.cpp"),
                         ("server/culvertd.yaml.5", "server/config.cpp")):
        keys = set().union(*map(code_keys, (source, *OF_BOTH_FILES)))
        shown = set(re.findall(r"^\.It Cm (\w+)$", read(page), re.MULTILINE))
        nested = {"local", "to"}  # of a forward, written out in its item
        faults += compare("the key", page, keys - nested, shown)
        faults += [f"{page}: {key} is no key" for key in sorted(shown - keys)]
    for count, expected in ((len(flags), 20), (len(server_flags), 10), (len(options), 25)):
        if count < expected:
            faults.append("check_manuals.py no longer understands the tables it reads")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
