#!/usr/bin/env python3
"""run.py VALGRIND OBJDUMP PROGRAM: the program has no instruction that divides integers, and memcheck finds
no branch and no address that depends on a secret.

A division takes longer for some numbers than for others; memcheck doesn't know. So there is none, of public
numbers neither: which is which an instruction doesn't tell.
"""

import re
import subprocess
import sys

DIVISION = re.compile(r"\t(i?div[bwlq]?|[us]div)\b")  # x86, Arm


def divisions(objdump, program):
    code = subprocess.run([objdump, "-d", "-C", "--no-show-raw-insn", program], check=True,
                          capture_output=True, text=True).stdout
    function = None
    for line in code.splitlines():
        if begun := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            function = begun[1]
        elif DIVISION.search(line):
            yield f"{function}: {line.strip()}"
    assert function, f"{objdump} shows no functions of {program}"


def main():
    valgrind, objdump, program = sys.argv[1:]
    found = list(divisions(objdump, program))
    intended = [line for line in found if "intended_division" in line]
    assert intended, f"{objdump} shows no division where there is one"
    found = [line for line in found if line not in intended]
    print(*found, f"{len(found)} divisions", sep="\n", flush=True)
    errors = subprocess.run([valgrind, "-q", program]).returncode
    return 1 if found or errors else 0


if __name__ == "__main__":
    sys.exit(main())
