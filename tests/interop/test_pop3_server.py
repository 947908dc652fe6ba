"""The POP3 server that demo and tests tunnel to, held against RFC 1939."""

import poplib
import signal
import socket
import subprocess
import sys
import threading

import pytest

import pop3_server
from harness.process import DEADLINE

pytestmark = pytest.mark.short


@pytest.fixture
def server():
    with pop3_server.Pop3Server(("127.0.0.1", 0)) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def client(server):
    connection = poplib.POP3(*server.server_address, timeout=DEADLINE)
    yield connection
    connection.close()


@pytest.fixture
def logged_in(client):
    client.user("alice")
    client.pass_("wonderland")
    return client


def test_the_greeting_says_ready(client):
    assert client.getwelcome().startswith(b"+OK")
    assert client.getwelcome().endswith(b"ready")


def test_quit_is_answered_before_login_and_ends_the_connection(server):
    with socket.create_connection(server.server_address, timeout=DEADLINE) as connection:
        connection.sendall(b"QUIT\r\n")
        lines = connection.makefile("rb").readlines()
    assert [line.split()[0] for line in lines] == [b"+OK", b"+OK"]


def test_stat_counts_what_list_lists(logged_in):
    count, octets = logged_in.stat()
    _, lines, _ = logged_in.list()
    sizes = [int(line.split()[1]) for line in lines]
    assert (count, octets) == (len(sizes), sum(sizes))
    assert count == 3
    assert logged_in.list(2) == f"+OK 2 {sizes[1]}".encode()


def test_every_message_comes_back_byte_for_byte(logged_in):
    for number, message in enumerate(pop3_server.read_mailbox(pop3_server.MAILBOX), 1):
        _, lines, _ = logged_in.retr(number)  # poplib takes the stuffed dots out
        assert b"\r\n".join(lines) + b"\r\n" == message


def test_a_line_that_starts_with_a_dot_gets_another(server):
    with socket.create_connection(server.server_address, timeout=DEADLINE) as connection:
        connection.sendall(b"USER alice\r\nPASS wonderland\r\nRETR 2\r\nQUIT\r\n")
        raw = connection.makefile("rb").read()
    assert b"\r\n..one dot at" in raw
    assert b"\r\n...two dots\r\n..\r\n" in raw


def test_unique_ids_differ_and_stay(logged_in):
    first = logged_in.uidl()[1]
    assert first == logged_in.uidl()[1]
    assert len({line.split()[1] for line in first}) == 3
    assert logged_in.uidl(1) == b"+OK " + first[0]


def test_deleted_messages_are_gone_until_rset(logged_in):
    logged_in.dele(1)
    assert logged_in.stat()[0] == 2
    with pytest.raises(poplib.error_proto, match="no such message"):
        logged_in.retr(1)
    logged_in.rset()
    assert logged_in.stat()[0] == 3
    logged_in.noop()


@pytest.mark.parametrize("command, reason", [
    ("STAT", "log in first"),
    ("PASS wonderland", "USER comes first"),
    ("USER", "needs a name"),
    ("APOP alice 0", "unknown command"),
    ("", "unknown command"),
])
def test_before_login(client, command, reason):
    with pytest.raises(poplib.error_proto, match=reason):
        client._shortcmd(command)


@pytest.mark.parametrize("command, reason", [
    ("RETR 4", "no such message"),
    ("RETR 0", "no such message"),
    ("RETR", "no such message"),
    ("LIST x", "no such message"),
    ("USER alice", "already logged in"),
    ("TOP 1 1", "unknown command"),
])
def test_after_login(logged_in, command, reason):
    with pytest.raises(poplib.error_proto, match=reason):
        logged_in._shortcmd(command)
    logged_in.quit()


def test_a_wrong_password_is_refused_and_the_session_goes_on(client):
    client.user("alice")
    with pytest.raises(poplib.error_proto, match="wrong user or password"):
        client.pass_("nonsense")
    client.user("alice")
    client.pass_("wonderland")


def test_an_endless_line_ends_the_session(server):
    with socket.create_connection(server.server_address, timeout=DEADLINE) as connection:
        connection.sendall(b"X" * 513)
        assert b"-ERR" in connection.makefile("rb").read()


def test_the_program_names_its_port_and_ends_when_told():
    program = subprocess.Popen([sys.executable, pop3_server.__file__], stderr=subprocess.PIPE)
    port = int(program.stderr.readline().decode().rsplit(":", 1)[1])
    poplib.POP3("127.0.0.1", port, timeout=DEADLINE).quit()
    program.send_signal(signal.SIGTERM)
    assert program.wait(DEADLINE) == 0
    program.stderr.close()
