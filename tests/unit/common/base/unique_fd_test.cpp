#include "common/base/unique_fd.hpp"

#include <fcntl.h>

#include <utility>

#include "tests/unit/common/net/loopback.hpp"

namespace culvert {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST_CASE("a descriptor is closed once, by its last owner") {
    UniqueFd moved_to;
    CHECK_FALSE(moved_to);
    int fd = -1;
    {
        UniqueFd owner{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
        fd = owner.get();
        REQUIRE(is_open(fd));
        moved_to = std::move(owner);
    }
    CHECK(is_open(fd));
    CHECK(moved_to.get() == fd);
    moved_to = UniqueFd{};
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("a released descriptor stays open") {
    const int fd = UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}.release();
    CHECK(is_open(fd));
    const UniqueFd closes{fd};
}

}  // namespace
}  // namespace culvert
