#!/usr/bin/env python3
"""What neither the compiler nor clang-tidy checks: who may include whom, and what nobody may call.

A layer is a folder of common/; what it may include is what common/CMakeLists.txt lets it link.
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("client", "server")
LONGEST_CLASS = 400  # lines of its functions' definitions, in whatever files they stand
MOST_MEMBERS = 15
# Classes that have more members than that, and how many: none may get more.
MEMBERS_OF = {}

CLOCK = ("common/base/time.hpp", "common/base/clock.cpp")

# (pattern, where it is allowed, what to do instead)
BANNED = [
    (r"\b(s?rand|random|drand48)\s*\(", [], "random bytes come from crypto/random"),
    (r"\b(mt19937|minstd_rand|random_device|default_random_engine)", [],
     "random bytes come from crypto/random"),
    (r"\bsigaction\s*\(|(?<!\w)signal\s*\((?!\s*SIGPIPE\s*,\s*SIG_IGN)",
     ["common/base/ignored_signals"],
     "signals are waited for with asio::signal_set"),
    (r"\bdetached\b", ["common/net/task_group", "client/main", "server/main"],
     "a coroutine has an owner: a TaskGroup"),
    (r"\bshared_from_this\b", [], "an owner outlives what it owns"),
    (r"<asio\.hpp>", [], "include the part that is used"),
    (r"\bsteady_clock\b", CLOCK, "time is Clock's, which tests replace"),
    (r"\b(while|if|switch)\s*\((?:[^(){};]|\([^()]*\))*\bco_await\b", [],
     "GCC 12 makes nonsense of a co_await in a condition: name its result first"),
    (r'"common/keys/(private_key|key_file)\b', ["common/keys/", "client/", "server/"],
     "who holds a private key is the programs' business: a signature is asked for"),
    (r"\b(system|popen|execvpe?|execlp?)\s*\(", [], "no shell, and nobody's PATH"),
]
# What culvertd asks of the system while it serves goes through its Broker, which another process may
# do the work of. The sources that may do it besides are those of a start, a reload and a check, and
# those that the broker itself is made of.
BROKER = ["server/system_broker", "server/broker"]
BANNED_BUT_IN_BROKER = [
    (r"\b(connect_to|dial)\s*\(|\bresolver_?\.resolve\s*\(|\basync_(connect|resolve)\s*\(", [],
     "a target is asked of the Broker"),
    (r"(?<!->)\blook_up_key\s*\(", ["server/users"], "a key is asked of the Broker"),
    (r"\b(listen_endpoints|listen_on_all|try_to_bind)\s*\(|\bTcpAcceptor\b", ["server/check"],
     "a listening socket is asked of the Broker"),
    (r"(?<!\w)::(getaddrinfo|getnameinfo|socket|connect|bind|listen)\s*\(|\bget(addr|name)info\b|"
     r"<netdb\.h>|common/net/lookup\.hpp", [],
     "names and sockets are asked of the Broker"),
    (r"(?<!\w)::(open|openat|creat|fopen)\s*\(|\b(fopen|open_trusted_file|read_trusted_file|read_file\w*|"
     r"read_key_file)\s*\(|\b[io]?fstream\b",
     ["server/config", "server/host_key", "server/key_files"], "a file is asked of the Broker"),
    (r"(->|\.)\s*sign\s*\(", [], "the host key's signature is asked of the Broker"),
]
UNFINISHED = r"\b(TODO|FIXME|XXX)\b"  # in comments too
# Below the I/O line there are no sockets, threads or clocks.
BANNED_BELOW = [
    (r"\basio\b|<sys/socket\.h>|\b(getaddrinfo|gethostbyname)\s*\(", "sockets are above the I/O line"),
    (r"<(thread|mutex|condition_variable|future)>", "threads are above the I/O line"),
    (r"::now\s*\(|\b(clock_gettime|gettimeofday)\s*\(", "time is an argument"),
]


def read_layers():
    """{layer: all that it may include}, and the set of layers below the I/O line."""
    text = (ROOT / "common/CMakeLists.txt").read_text()
    layers, below = {}, set()
    line_drawn = text.index("the I/O line", text.index("# -----"))
    for match in re.finditer(r"^culvert_layer\((\w+)([^)]*)\)", text, re.M):
        name, words = match[1], match[2].split()
        depends = []
        if "DEPENDS" in words:
            depends = words[words.index("DEPENDS") + 1:]
            depends = depends[:depends.index("LIBRARIES")] if "LIBRARIES" in depends else depends
        layers[name] = {name}.union(*(layers[lower] for lower in depends))
        if match.start() < line_drawn:
            below.add(name)
    return layers, below


def without_comments_and_strings(text):
    """The text with its lines kept, and comments and literals blanked."""
    includes = r"^[ \t]*#include[^\n]*"
    others = r"""//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'"""
    return re.sub(f"{includes}|{others}",
                  lambda match: match[0] if "#include" in match[0] else
                  re.sub(r"[^\n]", " ", match[0]), text, flags=re.S | re.M)


def faults_of(path, layers, below):
    """(line, text) of each fault in one file."""
    relative = path.relative_to(ROOT)
    place = relative.as_posix()
    text = path.read_text()
    code = without_comments_and_strings(text)

    top = relative.parts[0]
    layer = relative.parts[1] if top == "common" else None
    lines = zip(code.split("\n"), text.split("\n"))
    for number, (line, original) in enumerate(lines, 1):
        include = re.match(r'\s*#include "([^"]+)"', line)
        if include:
            folder, _, rest = include[1].partition("/")
            if layer and (folder != "common" or rest.split("/")[0] not in layers[layer]):
                yield number, f"{place} is in layer {layer}, which isn't built on {include[1]}"
            if top in PROGRAMS and folder not in (top, "common"):
                yield number, f"{top}/ doesn't include {include[1]}"
        banned = [(pattern, instead) for pattern, allowed, instead in BANNED
                  if not place.startswith(tuple(allowed))]
        if top == "server" or layer == "forward":
            banned += [(pattern, instead) for pattern, allowed, instead in BANNED_BUT_IN_BROKER
                       if not place.startswith(tuple(BROKER + allowed))]
        if layer in below and not place.startswith(CLOCK):
            banned += BANNED_BELOW
        for pattern, instead in banned:
            if match := re.search(pattern, line):
                yield number, f"{match[0].strip()}: {instead}"
        if re.search(UNFINISHED, original):
            yield number, "it is done, or it is an issue"


def count_members(code):
    """{class: its data members}, of a header without comments: their names end with an underscore."""
    counts, name = {}, None
    for line in code.split("\n"):
        if begun := re.match(r"class (\w+)[^;]*\{", line):
            name = begun[1]
            counts[name] = 0
        elif line.startswith("};"):
            name = None
        elif name and re.match(r"    (?! |return\b)[^()]*\b\w+_(\s*(=|\{).*)?;?\s*$", line):
            counts[name] += 1
    return counts


def count_lines(code):
    """{class: lines of its functions' definitions}, of a source without comments."""
    counts, name = collections.Counter(), None
    for line in code.split("\n"):
        if begun := re.match(r"[A-Za-z\[][\w:<>,&*\[\]\s]*?\b([A-Z]\w+)::~?\w+.*\(|([A-Z]\w+)::~?\w+\(", line):
            name = begun[1] or begun[2]
        if name:
            counts[name] += 1
        if line.startswith("}") or (line.endswith("}") and not line.startswith(" ")):
            name = None
    return counts


def faults_of_classes(paths):
    lines = collections.Counter()
    for path in paths:
        code = without_comments_and_strings(path.read_text())
        if path.suffix == ".cpp":
            lines.update(count_lines(code))
            continue
        for name, members in count_members(code).items():
            if members > MEMBERS_OF.get(name, MOST_MEMBERS):
                yield f"{name}: {members} members: it has more than one job"
    for name, count in lines.items():
        if count > LONGEST_CLASS:
            yield f"{name}: {count} lines: it has more than one job"


def main():
    layers, below = read_layers()
    folders = {path.name for path in (ROOT / "common").iterdir() if path.is_dir()}
    found = [f"common/{name} is no layer of common/CMakeLists.txt" for name in folders - set(layers)]
    for top in ("common", *PROGRAMS):
        for path in sorted((ROOT / top).rglob("*.[ch]pp")):
            if top == "common" and path.parent.name not in layers:
                continue
            found += [f"{path.relative_to(ROOT)}:{number}: {fault}"
                      for number, fault in faults_of(path, layers, below)]
    found += faults_of_classes([path for top in ("common", *PROGRAMS)
                                for path in sorted((ROOT / top).rglob("*.[ch]pp"))])
    print("".join(f"{fault}\n" for fault in found), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
