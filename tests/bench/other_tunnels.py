"""Starts what isn't SSH: plain relays, TLS pairs, and nothing at all."""

import subprocess

from harness.listening import wait_until_open
from harness.peers import LOOPBACK
from harness.process import DEADLINE
from harness.target import free_port

from ssh_tunnels import Tunnel

TLS_CIPHER = "TLS_AES_256_GCM_SHA384"


def start_nothing(_lab, targets, path_to):
    """No tunnel: what the load itself and the kernel reach."""
    return Tunnel(set(), [path_to(target.port) for target in targets])


def start_relays(lab, targets, path_to):
    """Two socats in a row for each target: the cost of going through two programs at all."""
    def relay(onward):
        port = free_port()
        process = lab.run("socat", [
            "socat", "-b", "262144", f"TCP-LISTEN:{port},bind={LOOPBACK},fork,backlog=1024,"
            "reuseaddr,nodelay", f"TCP:{LOOPBACK}:{onward},nodelay"])
        wait_until_open((LOOPBACK, port), DEADLINE)
        pids.add(process.pid)
        return port

    pids = set()
    return Tunnel(pids, [relay(path_to(relay(target.port))) for target in targets])


def make_certificate(folder):
    """A file with a self-signed certificate and its key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=bench",
                    "-keyout", folder / "key", "-out", folder / "certificate"],
                   check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "certificate").read_text() + (folder / "key").read_text())
    return both


def start_tls_pair(lab, targets, path_to, start):
    """`start(name, {port that listens: port onward})` for the server, and then for the client."""
    server = {free_port(): target.port for target in targets}
    processes = [start("server", server)]
    client = {free_port(): path_to(port) for port in server}
    processes.append(start("client", client))
    return Tunnel({process.pid for process in processes}, list(client))


def start_stunnel(lab, targets, path_to):
    folder = lab.folder("stunnel")
    certificate = make_certificate(folder)

    def start(role, forwards):
        lines = ["foreground = yes", "pid =", "debug = err", "sslVersion = TLSv1.3",
                 f"ciphersuites = {TLS_CIPHER}", "socket = l:TCP_NODELAY=1",
                 "socket = r:TCP_NODELAY=1",
                 "client = yes" if role == "client" else f"cert = {certificate}"]
        for port, onward in forwards.items():
            lines += [f"[from{port}]", f"accept = {LOOPBACK}:{port}",
                      f"connect = {LOOPBACK}:{onward}"]
        path = folder / f"{role}.conf"
        path.write_text("\n".join(lines) + "\n")
        process = lab.run("stunnel", ["stunnel", path])
        for port in forwards:
            wait_until_open((LOOPBACK, port), DEADLINE)
        return process
    return start_tls_pair(lab, targets, path_to, start)


def start_haproxy(lab, targets, path_to):
    folder = lab.folder("haproxy")
    certificate = make_certificate(folder)

    def start(role, forwards):
        # Otherwise as it comes: a thread for each CPU, buffers of 16 KiB. It wants two descriptors
        # for each connection, and 20,000 is a common limit.
        lines = ["global", "  maxconn 9000", f"  ssl-default-bind-ciphersuites {TLS_CIPHER}",
                 f"  ssl-default-server-ciphersuites {TLS_CIPHER}", "defaults", "  mode tcp",
                 "  timeout connect 30s", "  timeout client 1h", "  timeout server 1h"]
        accept, connect = "", " ssl verify none force-tlsv13"
        if role == "server":
            accept, connect = f" ssl crt {certificate} force-tlsv13", ""
        for port, onward in forwards.items():
            lines += [f"listen from{port}", f"  bind {LOOPBACK}:{port}{accept}",
                      f"  server onward {LOOPBACK}:{onward}{connect}"]
        path = folder / f"{role}.cfg"
        path.write_text("\n".join(lines) + "\n")
        process = lab.run("haproxy", ["/usr/sbin/haproxy", "-db", "-q", "-f", path])
        for port in forwards:
            wait_until_open((LOOPBACK, port), DEADLINE)
        return process
    return start_tls_pair(lab, targets, path_to, start)
