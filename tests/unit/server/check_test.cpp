#include "server/check.hpp"

#include <exception>

#include <doctest/doctest.h>

#include "common/crypto/random.hpp"
#include "common/keys/key_file.hpp"
#include "common/log/log.hpp"
#include "tests/unit/allocations.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_surroundings.hpp"

using namespace culvert;

namespace {

/// Says 0 of an address that can't be listened on, with the n-th allocation failing.
bool passes(const ServeCommand& command, std::size_t n, bool& failed) {
    const test::FailingAllocation failing{n};
    try {
        const ExitCode code = check(command, made_up_surroundings());
        failed = test::FailingAllocation::has_failed();
        return code == exit_as_asked;
    } catch (const std::exception&) {
        failed = test::FailingAllocation::has_failed();
        return false;
    }
}

}  // namespace

TEST_CASE("a check that lacks memory never says that all is well") {
    start_log("culvertd", {.level = LogLevel::off});
    const TemporaryFolder folder;
    SystemRandom random;
    const PrivateKey key = PrivateKey::generate(random, "");
    write_key_pair(folder.path("key"), key, random);
    ServeCommand command;
    command.authorized_keys = {folder.write("authorized_keys", key.public_key().to_text() + "\n")};
    command.host_keys = {folder.path("key")};
    command.listen = {{"fe80::1%nosuch0", 2222}};
    command.check_only = true;
    test::for_each_allocation([&](std::size_t n) {
        bool failed = false;
        CAPTURE(n);
        CHECK(!passes(command, n, failed));
        return failed;
    });
    start_log("culvertd");
}
