#include "common/net/lookup_pool.hpp"

#include <netdb.h>

#include <utility>

namespace culvert {
namespace {

int eai_error(Unanswered::Why why) {
    switch (why) {
        case Unanswered::Why::queue_full:
            return EAI_AGAIN;
        case Unanswered::Why::no_thread:
            return EAI_SYSTEM;
        case Unanswered::Why::threw:
            break;
    }
    return EAI_MEMORY;
}

}  // namespace

LookupPool::Result::Result(const Unanswered& unanswered)
    : Lookup{{}, eai_error(unanswered.why), unanswered.system_error} {}

LookupPool::LookupPool(Limits limits, Function function)
    : pool_{limits, [function = std::move(function)](const Name& name) {
                return Result{function(name.host, name.family)};
            }} {}

awaitable<std::shared_ptr<const Lookup>> LookupPool::look_up(std::string host,
                                                             AddressFamily family) {
    Name name{std::move(host), family};
    co_return co_await pool_.ask(std::move(name));
}

}  // namespace culvert
