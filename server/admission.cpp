#include "server/admission.hpp"

#include <array>

namespace culvert {

namespace {

/// Whoever has one IPv6 address has a /64 of them.
std::string source_name(const IpAddress& source) {
    constexpr std::size_t network = 8;
    const auto bytes = source.bytes().first(source.is_v4() ? source.bytes().size() : network);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

std::optional<Admission::Ticket> Admission::admit(const IpAddress& source,
                                                  const ServerLimits& limits) {
    const std::lock_guard lock{mutex_};
    const std::string name = source_name(source);
    const auto found = waiting_by_source_.find(name);
    const std::size_t from_here = found == waiting_by_source_.end() ? 0 : found->second;
    if (from_here >= limits.unauthenticated_per_source) return std::nullopt;
    if (drops(waiting_, limits.max_startups)) return std::nullopt;
    ++waiting_by_source_[name];
    ++waiting_;
    return Ticket{*this, name};
}

bool Admission::drops(std::size_t waiting, const MaxStartups& limit) {
    if (waiting < limit.begin) return false;
    if (waiting >= limit.full) return true;
    const std::size_t percent = limit.percent + (100 - limit.percent) * (waiting - limit.begin) /
                                                    (limit.full - limit.begin);
    std::array<std::byte, 2> dice;
    random_.fill(dice);
    const unsigned thrown =
        std::to_integer<unsigned>(dice[0]) << 8 | std::to_integer<unsigned>(dice[1]);
    return thrown % 100 < percent;
}

void Admission::release(const std::string& source) noexcept {
    const std::lock_guard lock{mutex_};
    --waiting_;
    const auto found = waiting_by_source_.find(source);
    if (--found->second == 0) waiting_by_source_.erase(found);
}

}  // namespace culvert
