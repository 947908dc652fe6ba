#include "common/net/deadline.hpp"

#include <fmt/format.h>

namespace culvert {

std::string Deadline::timed_out() const {
    using Seconds = std::chrono::duration<double>;
    return fmt::format("timed out after {:.4g} s", Seconds{limit_}.count());
}

}  // namespace culvert
