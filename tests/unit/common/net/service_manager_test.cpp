#include "common/net/service_manager.hpp"

#include <sys/un.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include <doctest/doctest.h>

#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/net/fake_service_manager.hpp"
#include "tests/unit/common/net/loopback.hpp"

using namespace culvert;
using test::FakeServiceManager;

TEST_CASE("a manager hears of each change, at a path and at an abstract name (sd_notify(3))") {
    const TemporaryFolder folder;
    for (const std::string& name : {folder.path("notify"), "@" + folder.path("notify")}) {
        CAPTURE(name);
        FakeServiceManager manager{name};
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

TEST_CASE("a status is one message, and so is more time for the start") {
    const TemporaryFolder folder;
    FakeServiceManager manager{folder.path("notify")};
    const ServiceManager service{folder.path("notify")};
    service.status("mail: down: gw:22: connection refused");
    CHECK(manager.hears() == "STATUS=mail: down: gw:22: connection refused");
    service.starting(std::chrono::minutes{2});
    CHECK(manager.hears() == "EXTEND_TIMEOUT_USEC=130000000");
    CHECK(manager.hears().empty());
}

TEST_CASE("without a manager, or with one that isn't there, nothing happens") {
    const TemporaryFolder folder;
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path(""));
    // Where a message would go if a name of another form were taken for a path, or cut short.
    const std::string longest = "/" + std::string(sizeof sockaddr_un{}.sun_path - 2, 'x');
    FakeServiceManager vsock{"vsock:2:3"};
    FakeServiceManager cut_short{"@" + longest.substr(1)};
    std::filesystem::remove(folder.path("gone"));
    { FakeServiceManager{folder.path("gone")}; }

    const auto descriptors = open_descriptors();
    ::unsetenv("NOTIFY_SOCKET");
    std::vector<ServiceManager> services{ServiceManager::of_process()};
    ::setenv("NOTIFY_SOCKET", "", 1);
    services.push_back(ServiceManager::of_process());
    for (const std::string& name :
         {std::string{"/no/such/socket"}, folder.path("gone"), folder.path(""),
          std::string{"vsock:2:3"}, "@" + longest.substr(1) + "x", std::string(200, '/')}) {
        services.emplace_back(name);
    }
    for (const ServiceManager& service : services) {
        service.starting(std::chrono::seconds{1});
        service.status("x");
        service.ready("x");
        service.reloading();
        service.stopping(std::chrono::seconds{1});
    }
    CHECK(vsock.hears().empty());
    CHECK(cut_short.hears().empty());
    CHECK(open_descriptors() == descriptors);
    std::filesystem::current_path(before);
}
