"""A running tunnel, with the load's servers behind it and perhaps a long path inside it."""

import contextlib
import dataclasses
import pathlib

import load
import usage


@dataclasses.dataclass(frozen=True)
class Surroundings:
    delay: float = 0  # seconds, one way, between the tunnel's two programs
    megabits: float = 0  # a second, between them; 0: no limit
    content: pathlib.Path = None  # what bulk repeats; else noise
    many: bool = False  # hundreds of streams: the load's server carries them in one loop
    echoes: int = 1  # ports that echo, each a process of its own with its own descriptors

    @property
    def has_path(self):
        return bool(self.delay or self.megabits)

    @property
    def load_options(self):
        return {"content": self.content} if self.content else {}


class Setup:
    def __init__(self, start, lab, surroundings=Surroundings()):
        self._surroundings = surroundings
        with contextlib.ExitStack() as started:
            self._closing = started
            options = {**surroundings.load_options, **({"loop": True} if surroundings.many else {})}
            # Echoes have processes of their own: they aren't to wait for bulk in the load itself.
            targets = [self._keep(load.Server(**options))]
            targets += [self._keep(load.Server()) for _ in range(surroundings.echoes)]
            self.tunnel = start(lab, targets, self._path_to)
            self._closing = started.pop_all()
        self.bulk_port, *self.echo_ports = self.tunnel.ports
        self.echo_port = self.echo_ports[0]

    def _keep(self, running):
        return self._closing.enter_context(contextlib.closing(running))

    def _path_to(self, port):
        """The port at which a tunnel's client finds its server's."""
        if not self._surroundings.has_path:
            return port
        return self._keep(load.Path(port, self._surroundings.delay,
                                    self._surroundings.megabits)).port

    def measure(self, command, **options):
        """The load's report, with what CPU the tunnel used meanwhile, in seconds, as `cpu`."""
        if command in ("up", "down"):
            options |= self._surroundings.load_options
        before = self.cpu_seconds()
        report = load.measure(command, **options)
        return {**report, "cpu": self.cpu_seconds() - before}

    def cpu_seconds(self):
        return usage.cpu_seconds(self.tunnel.pids)

    def kibibytes(self):
        return usage.proportional_kibibytes(self.tunnel.pids)

    def close(self):
        self._closing.close()
