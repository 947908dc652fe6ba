"""CPU and memory of a tunnel: all of its processes, and all that they have started."""

import os
import pathlib
import time

TICK = 1 / os.sysconf("SC_CLK_TCK")
PPID, CHILDREN_USER, CHILDREN_SYSTEM = 1, 13, 14  # fields of /proc/PID/stat behind the name


def processes_of(pids):
    """{pid: fields of its stat} of the processes and of all their descendants."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended

    def belongs(pid):
        return pid in pids or (pid in found and belongs(int(found[pid][PPID])))
    return {pid: fields for pid, fields in found.items() if belongs(pid)}


def own_cpu_seconds(pid):
    """User and system time of all threads, also of those that have ended, to the nanosecond:
    /proc/PID/stat has it in ticks of 10 ms only. clock_getcpuclockid(3) computes the clock so.
    """
    scheduler_clock = 2
    try:
        return time.clock_gettime((~pid << 3) | scheduler_clock)
    except OSError:
        return 0.0  # it has ended


def cpu_seconds(pids):
    """User and system time since their start, with that of children that have ended."""
    while True:
        found = processes_of(pids)
        total = sum(own_cpu_seconds(pid) +
                    TICK * (int(fields[CHILDREN_USER]) + int(fields[CHILDREN_SYSTEM]))
                    for pid, fields in found.items())
        # One that ended meanwhile may be counted neither for itself nor for its parent.
        if processes_of(pids).keys() == found.keys():
            return total


def proportional_kibibytes(pids):
    """The proportional set size: what is shared counts by its share."""
    total = 0
    for pid in processes_of(pids):
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(rollup.split("\nPss:")[1].split()[0])
    return total
