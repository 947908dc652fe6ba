#include "common/net/lookup_pool.hpp"

#include <netdb.h>

#include <utility>

namespace culvert {
namespace {

int eai_error(NoResult::Why why) {
    switch (why) {
        case NoResult::Why::queue_full:
            return EAI_AGAIN;
        case NoResult::Why::no_thread:
            return EAI_SYSTEM;
        case NoResult::Why::threw:
            break;
    }
    return EAI_MEMORY;
}

}  // namespace

LookupPool::Result::Result(const NoResult& none)
    : Lookup{{}, eai_error(none.why), none.system_error} {}

LookupPool::LookupPool(Limits limits, Function function)
    : pool_{limits, [function = std::move(function)](const Name& name) {
                return Result{function(name.host, name.family)};
            }} {}

awaitable<std::shared_ptr<const Lookup>> LookupPool::look_up(std::string host,
                                                             AddressFamily family) {
    Name name{std::move(host), family};
    co_return co_await pool_.call(std::move(name));
}

}  // namespace culvert
