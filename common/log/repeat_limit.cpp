#include "common/log/repeat_limit.hpp"

namespace culvert {

bool RepeatLimit::admits(LogLevel level, std::string_view cause, TimePoint now) {
    if (!logs({level, kind_})) return false;
    const std::lock_guard lock{mutex_};
    const auto entry = find_or_add(cause, now);
    Count& count = entry->second;
    if (now - count.span_began >= span) begin_span(level, entry, now);
    if (++count.in_span <= burst) return true;
    ++count.kept_back;
    return false;
}

auto RepeatLimit::find_or_add(std::string_view cause, TimePoint now) -> Counts::iterator {
    auto entry = counts_.find(cause);
    if (entry == counts_.end() && counts_.size() >= most_causes) {
        std::erase_if(counts_, [now](const auto& old) {
            return old.second.kept_back == 0 && now - old.second.span_began >= span;
        });
    }
    if (entry == counts_.end()) {
        const bool is_one_of_many = counts_.size() >= most_causes;
        entry = counts_.try_emplace(std::string{is_one_of_many ? "" : cause}, Count{now}).first;
    }
    return entry;
}

void RepeatLimit::begin_span(LogLevel level, Counts::iterator entry, TimePoint now) const {
    auto& [cause, count] = *entry;
    if (count.kept_back > 0) {
        log_at({level, kind_}, "{} more {}{}{}{}", count.kept_back, lines_of_,
               cause.empty() ? "" : ": ", cause, tag_);
    }
    count = Count{now};
}

void RepeatLimit::report(LogLevel level, TimePoint now) {
    const std::lock_guard lock{mutex_};
    for (auto entry = counts_.begin(); entry != counts_.end();) {
        if (now - entry->second.span_began < span) {
            ++entry;
        } else {
            begin_span(level, entry, now);
            entry = counts_.erase(entry);
        }
    }
}

}  // namespace culvert
