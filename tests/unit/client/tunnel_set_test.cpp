#include "client/tunnel_set.hpp"

#include <string>

#include <doctest/doctest.h>

#include "client/defaults.hpp"
#include "client/direct_connector.hpp"
#include "common/log/log.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/net/gate.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;

struct Listening {
    std::string tunnel;
    std::string bind;
    std::uint16_t port;
};

/// The tunnels of a program whose server can't be reached: what connects to them is held.
class Tunnels {
public:
    Tunnels() { start_log("test", {.level = LogLevel::off}); }
    Tunnels(const Tunnels&) = delete;
    Tunnels& operator=(const Tunnels&) = delete;
    ~Tunnels() {
        set_.end();
        run_until([this] { return all_over_; });
        start_log("test");
    }

    /// Other settings than before, for each of them.
    void configure(const std::vector<Listening>& wanted) {
        ++configured_;
        std::vector<TunnelSettings> all;
        for (const auto& [tunnel, bind, port] : wanted) {
            TunnelSettings& settings =
                all.emplace_back(default_tunnel_settings(made_up_environment()));
            settings.name = tunnel;
            settings.server = {"127.0.0.1", server_.endpoint().port()};
            settings.forwards = {{bind, port, {"target", 80}}};
            settings.keepalive_interval = configured_ * 1s;
            settings.hold_for = 1h;
        }
        set_.configure(std::move(all), 1h);
    }

    void run_until(const std::function<bool()>& reached) {
        const auto limit = Clock::now() + 30s * time_factor();
        io_.restart();
        while (!reached() && Clock::now() < limit) io_.run_one_for(100ms);
        REQUIRE(reached());
    }
    void run_until_bound() {
        run_until([this] {
            return std::ranges::all_of(set_.statuses(), &TunnelStatus::listeners_tried);
        });
    }

    /// False if the port refuses it. It waits in the kernel until the tunnels run.
    bool connect(const std::string& address, std::uint16_t port) {
        std::error_code refused;
        clients_.emplace_back(io_.get_executor());
        clients_.back().connect({asio::ip::make_address(address), port}, refused);
        return !refused;
    }
    bool was_reset(std::size_t client) {
        clients_[client].non_blocking(true);
        char byte{};
        std::error_code error;
        clients_[client].read_some(asio::buffer(&byte, 1), error);
        return error != asio::error::would_block;
    }

    std::size_t held_by(std::string_view tunnel) const {
        for (const TunnelStatus& status : set_.statuses()) {
            if (status.name == tunnel) return status.streams;
        }
        return 0;
    }
    std::size_t held_by_all() const { return set_.open_streams(); }
    std::vector<std::string> not_bound() const {
        std::vector<std::string> all;
        for (const TunnelStatus& status : set_.statuses()) {
            std::ranges::copy(status.not_bound, std::back_inserter(all));
        }
        return all;
    }
    Gate& names() { return *gate_; }

    std::uint16_t free_port() {
        TcpAcceptor acceptor{io_, loopback_v4()};
        return acceptor.local_endpoint().port();
    }

private:
    std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
    Resolver resolver_{Resolver::default_limits, Gate::function(gate_)};
    asio::io_context io_;
    Refusing server_{io_};
    test::SeededRandom random_{1};
    std::vector<TcpSocket> clients_;
    int configured_ = 0;
    bool all_over_ = false;
    TunnelSet set_{ClientContext{.executor = io_.get_executor(),
                                 .next_thread = [this] { return io_.get_executor(); },
                                 .windows = std::make_shared<WindowBudget>(1 << 20),
                                 .resolver = resolver_,
                                 .random = random_,
                                 .ask = {},
                                 .connector_for =
                                     [this](const TunnelSettings& settings) {
                                         return std::make_unique<DirectConnector>(settings,
                                                                                  resolver_);
                                     }},
                   FirstFailure::is_outlived, [this] { all_over_ = true; }};
};

}  // namespace

TEST_CASE("a port that the new configuration has as well never refuses a connection") {
    struct Row {
        const char* what;
        Listening before, after;
    };
    for (const Row& row : {
             Row{"other settings", {"mail", "127.0.0.1", 0}, {"mail", "127.0.0.1", 0}},
             Row{"another tunnel", {"mail", "127.0.0.1", 0}, {"post", "127.0.0.1", 0}},
             Row{"one address less", {"mail", "localhost", 0}, {"mail", "127.0.0.1", 0}},
             Row{"all addresses", {"mail", "127.0.0.1", 0}, {"mail", "*", 0}},
         }) {
        CAPTURE(row.what);
        Tunnels tunnels;
        const std::uint16_t port = tunnels.free_port();
        tunnels.configure({{row.before.tunnel, row.before.bind, port}});
        tunnels.run_until_bound();
        tunnels.configure({{row.after.tunnel, row.after.bind, port}});
        CHECK(tunnels.connect("127.0.0.1", port));
        // The new tunnel has what came in between.
        tunnels.run_until([&] { return tunnels.held_by_all() == 1; });
        CHECK(tunnels.held_by(row.after.tunnel) == 1);
        CHECK(!tunnels.was_reset(0));
        CHECK(tunnels.connect("127.0.0.1", port));
        tunnels.run_until([&] { return tunnels.held_by(row.after.tunnel) == 2; });
    }
}

TEST_CASE("a connection waits while the new tunnel looks up where it listens") {
    Tunnels tunnels;
    const std::uint16_t port = tunnels.free_port();
    tunnels.configure({{"mail", "127.0.0.1", port}});
    tunnels.run_until_bound();
    tunnels.configure({{"mail", "dead.example", port}});
    tunnels.run_until([&] { return tunnels.names().calls("dead.example") == 1; });
    CHECK(tunnels.connect("127.0.0.1", port));
    // Another configuration comes before the first one listens.
    tunnels.configure({{"mail", "127.0.0.1", port}});
    CHECK(tunnels.connect("127.0.0.1", port));
    tunnels.run_until([&] { return tunnels.held_by("mail") == 2; });
    tunnels.names().open();
}

TEST_CASE("ports may change hands, and each has one tunnel") {
    Tunnels tunnels;
    const std::uint16_t port = tunnels.free_port();
    const std::uint16_t other = tunnels.free_port();
    tunnels.configure({{"mail", "127.0.0.1", port}, {"news", "127.0.0.1", other}});
    tunnels.run_until_bound();
    tunnels.configure({{"mail", "127.0.0.1", other}, {"news", "127.0.0.1", port}});
    CHECK(tunnels.connect("127.0.0.1", port));
    tunnels.run_until([&] { return tunnels.held_by("news") == 1; });
    CHECK(tunnels.not_bound().empty());

    tunnels.configure({{"mail", "127.0.0.1", port}, {"news", "localhost", port}});
    tunnels.run_until_bound();
    CHECK(tunnels.not_bound().size() == 1);
}

TEST_CASE("a port that no tunnel has any more is closed, and carries what came before") {
    Tunnels tunnels;
    const std::uint16_t port = tunnels.free_port();
    const std::uint16_t other = tunnels.free_port();
    tunnels.configure({{"mail", "127.0.0.1", port}});
    tunnels.run_until_bound();
    CHECK(tunnels.connect("127.0.0.1", port));
    tunnels.configure({{"news", "dead.example", other}});
    CHECK(!tunnels.connect("127.0.0.1", port));
    tunnels.run_until([&] { return tunnels.names().calls("dead.example") == 1; });
    CHECK(tunnels.held_by_all() == 1);
    CHECK(!tunnels.was_reset(0));
    tunnels.names().open();
}

TEST_CASE("an address that is not taken over is closed once the new tunnels listen") {
    Tunnels tunnels;
    const std::uint16_t port = tunnels.free_port();
    tunnels.configure({{"mail", "127.0.0.2", port}});
    tunnels.run_until_bound();
    tunnels.configure({{"mail", "127.0.0.1", port}});
    tunnels.run_until_bound();
    CHECK(tunnels.connect("127.0.0.1", port));
    CHECK(!tunnels.connect("127.0.0.2", port));
}

}  // namespace culvert
