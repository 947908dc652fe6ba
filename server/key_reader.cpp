#include "server/key_reader.hpp"

#include <utility>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/shell_quote.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

/// Each thread may be stuck in a file, and is one file's at a time: as many files may be slow
/// without a login by others having to wait. They are started when they are needed.
constexpr BlockingCallLimits limits{.threads = 256};

std::string why_not_read(NoResult::Why why) {
    return why == NoResult::Why::queue_full ? "too many files are being read" : "out of memory";
}

}  // namespace

KeyReader::Reading::Reading(const NoResult& none)
    : why_not{none.why}, failure{Error{ErrorKind::internal, why_not_read(none.why)}} {}

KeyReader::KeyReader(Duration time_limit, Function function)
    : time_limit_{time_limit},
      function_{std::move(function)},
      pool_{limits, [read = function_](const KeyFile& file) { return reading(read, file); }} {}

KeyReader::Reading KeyReader::reading(const Function& read, const KeyFile& file) {
    Reading reading{Clock::now()};
    try {
        reading.text = read(file);
    } catch (const Error& error) {
        reading.failure = error;
    }
    return reading;
}

awaitable<std::shared_ptr<const std::string>> KeyReader::text_of(KeyFile file) {
    const auto answer = co_await with_timeout(fresh(file), time_limit_);
    if (!answer) {
        throw Error{ErrorKind::config,
                    fmt::format("{}: not read within {:.3g} s: it lets nobody in for now",
                                shell_quoted(file.path),
                                std::chrono::duration<double>(time_limit_).count())};
    }
    const std::shared_ptr<const Reading>& reading = *answer;
    if (reading->why_not) throw with_context(shell_quoted(file.path), *reading->failure);
    if (reading->failure) throw *reading->failure;
    co_return std::shared_ptr<const std::string>{reading, &reading->text};
}

awaitable<std::shared_ptr<const KeyReader::Reading>> KeyReader::fresh(KeyFile file) {
    const TimePoint asked = Clock::now();
    for (;;) {
        KeyFile same = file;
        auto answer = co_await pool_.call(std::move(same));
        if (answer->why_not == NoResult::Why::no_thread) {
            // Better slowly than not at all.
            co_return std::make_shared<const Reading>(reading(function_, file));
        }
        // One that had begun for somebody else may know a key that was taken out since.
        if (answer->began >= asked) co_return answer;
    }
}

}  // namespace culvert
