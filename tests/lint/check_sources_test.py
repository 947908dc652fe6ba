#!/usr/bin/env python3
"""What check_sources.py finds, and what it leaves alone."""

import pathlib
import tempfile
import unittest

import check_sources


class Sources(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.addCleanup(setattr, check_sources, "ROOT", check_sources.ROOT)
        check_sources.ROOT = self.root

    def faults(self, place, line):
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line + "\n")
        return [text for _, text in check_sources.faults_of(path, {"net": {"net"}, "forward": {"forward", "net"}}, set())]

    def test_what_culvertd_asks_of_the_system_goes_through_its_broker(self):
        for line, what, may_besides in [
                ("auto dialed = co_await connect_to(endpoints, options, deadline);", "target", []),
                ("auto found = resolver_.resolve(host, port, family, deadline);", "target", []),
                ("socket.async_connect(endpoint, use_awaitable);", "target", []),
                ("auto found = co_await look_up_key(config, question, reader);", "key", ["server/users.cpp"]),
                ("auto all = co_await listen_endpoints(resolver, where, family, deadline);",
                 "listening socket", ["server/check.cpp"]),
                ("for (UniqueFd& socket : listen_on_all(endpoints)) use(socket);", "listening socket", []),
                ("TcpAcceptor acceptor{executor, endpoint};", "listening socket", []),
                ("const int result = ::bind(descriptor, address, length);", "names and sockets", []),
                ("(void)::connect(descriptor, address, length);", "names and sockets", []),
                ("if (::getaddrinfo(host, service, &hints, &found) != 0) return;", "names and sockets", []),
                ('#include "common/net/lookup.hpp"', "names and sockets", []),
                ("UniqueFd file{::open(path, O_RDONLY | O_CLOEXEC)};", "file", []),
                ("std::ifstream file{path};", "file", []),
                ("auto text = read_trusted_file(path, limit, owners);", "file",
                 ["server/config.cpp", "server/host_key.cpp", "server/key_files.cpp"])]:
            with self.subTest(line):
                for place in ["server/daemon.cpp", "server/listeners.cpp", "server/server_connection.cpp",
                              "common/forward/outbound.cpp"]:
                    faults = self.faults(place, line)
                    self.assertEqual(len(faults), 1, faults)
                    self.assertIn(f"{what}", faults[0])
                    self.assertIn("asked of the Broker", faults[0])
                for place in ["server/system_broker.cpp", "client/tunnel.cpp", *may_besides]:
                    self.assertEqual(self.faults(place, line), [])

    def test_what_is_asked_of_the_broker_is_no_fault(self):
        for line in ["auto reached = co_await context_.broker->connect(subject, wanted);",
                     "auto found = co_await broker->look_up_key(std::move(question));",
                     "auto binding = broker.bind(one.to_bind, sockets());",
                     "auto addresses = co_await broker.resolve_bind_address(where);",
                     "co_await listeners_.listen(*broker, fresh.config->listen);",
                     "// ::bind() is the broker's."]:
            self.assertEqual(self.faults("server/daemon.cpp", line), [])

    def test_a_class_with_too_many_members_has_more_than_one_job(self):
        def of(members):
            path = self.root / "some.hpp"
            path.write_text("class Some {\nprivate:\n" +
                            "".join(f"    int member{i}_ = 0;\n" for i in range(members)) + "};\n")
            return list(check_sources.faults_of_classes([path]))

        self.assertEqual(of(check_sources.MOST_MEMBERS), [])
        self.assertEqual(len(of(check_sources.MOST_MEMBERS + 1)), 1)


if __name__ == "__main__":
    unittest.main()
