#include "common/net/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include <doctest/doctest.h>

#include "common/base/unique_fd.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"

using namespace culvert;

namespace {

/// The socket that systemd would listen to.
class Manager {
public:
    explicit Manager(const std::string& name) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name.starts_with('@')) address.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
    }

    /// The next message; empty if there is none.
    std::string hears() {
        std::array<char, 256> message{};
        const ssize_t length = ::recv(socket_.get(), message.data(), message.size(), MSG_DONTWAIT);
        return {message.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
    }

private:
    UniqueFd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

}  // namespace

TEST_CASE("a manager hears of each change, at a path and at an abstract name (sd_notify(3))") {
    const TemporaryFolder folder;
    for (const std::string& name : {folder.path("notify"), "@" + folder.path("notify")}) {
        CAPTURE(name);
        Manager manager{name};
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
        const ServiceManager service = ServiceManager::of_process();
        CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
        service.ready("listening");
        CHECK(manager.hears() == "READY=1\nSTATUS=listening");
        service.reloading();
        CHECK(manager.hears().starts_with("RELOADING=1\nMONOTONIC_USEC="));
        service.stopping(std::chrono::seconds{30});
        CHECK(manager.hears() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000");
        CHECK(manager.hears().empty());
    }
}

TEST_CASE("without a manager, or with one that isn't there, nothing happens") {
    ::unsetenv("NOTIFY_SOCKET");
    ServiceManager::of_process().ready("x");
    for (const std::string& name :
         {std::string{"/no/such/socket"}, std::string{"vsock:2:3"}, std::string(200, '/')}) {
        ServiceManager{name}.ready("x");
    }
}
