#include "common/crypto/random.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

using namespace culvert;

namespace {

using Block = std::array<std::byte, 32>;

Block random_block() {
    SystemRandom random;
    Block block{};
    random.fill(block);
    return block;
}

}  // namespace

TEST_CASE("the system's random bytes differ each time, and after a fork") {
    CHECK(random_block() != random_block());

    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const Block block = random_block();
        ::_exit(::write(ends[1], block.data(), block.size()) == ssize_t{block.size()} ? 0 : 1);
    }
    const Block ours = random_block();
    Block theirs{};
    CHECK(::read(ends[0], theirs.data(), theirs.size()) == ssize_t{theirs.size()});
    CHECK(ours != theirs);
    CHECK(theirs != Block{});
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    ::close(ends[0]);
    ::close(ends[1]);
}
