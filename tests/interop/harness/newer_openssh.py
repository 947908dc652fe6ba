"""Starts OpenSSH's programs of newer releases than Debian 12's, which ./dev peers fetches."""

from .fetched import fetched, with_libraries_of
from .peers import start_ssh, start_sshd


def start_sshd_10(lab, **settings):
    """Other programs carry its connections; it looks for those where the package would install them."""
    programs = fetched("openssh-10.0/usr/lib/openssh")
    return start_sshd(lab, sshd=fetched("openssh-10.0/usr/sbin/sshd"),
                      **{"SshdSessionPath": programs / "sshd-session",
                         "SshdAuthPath": programs / "sshd-auth", **settings})


def start_ssh_10(lab, server, targets, **settings):
    return start_ssh(lab, server, targets, ssh=[fetched("openssh-10.0/usr/bin/ssh")], **settings)


def start_ssh_next(lab, server, targets, **settings):
    """That of Debian's next release."""
    ssh = with_libraries_of("openssh-next", fetched("openssh-next/usr/bin/ssh"))
    return start_ssh(lab, server, targets, ssh=ssh, **settings)
