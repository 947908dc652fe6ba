#include "server/key_reader.hpp"

#include <utility>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

/// Each thread may be stuck in a file; more files than these are never slow at a time.
constexpr AnswerPoolLimits limits{.threads = 8};

std::string text_of(const Unanswered& unanswered) {
    switch (unanswered.why) {
        case Unanswered::Why::queue_full:
            return "too many files are being read";
        case Unanswered::Why::no_thread:
            return fmt::format("no thread to read it with: {}", reason_of(unanswered.system_error));
        case Unanswered::Why::threw:
            break;
    }
    return "out of memory";
}

}  // namespace

KeyReader::Reading::Reading(const Unanswered& unanswered) : failure{culvert::text_of(unanswered)} {}

KeyReader::KeyReader(Duration patience, std::function<std::string(const std::string& path)> read)
    : patience_{patience}, pool_{limits, [read = std::move(read)](const std::string& path) {
                                     Reading reading{Clock::now()};
                                     try {
                                         reading.text = read(path);
                                     } catch (const Error& error) {
                                         reading.failure = error.what();
                                     }
                                     return reading;
                                 }} {}

awaitable<std::shared_ptr<const std::string>> KeyReader::text_of(std::string path) {
    const auto answer = co_await with_timeout(fresh(path), patience_);
    if (!answer) {
        throw Error{ErrorKind::config,
                    fmt::format("{}: not read within {:.3g} s: it lets nobody in for now",
                                escaped(path), std::chrono::duration<double>(patience_).count())};
    }
    const std::shared_ptr<const Reading>& reading = *answer;
    if (reading->began == TimePoint::max()) {
        throw Error{ErrorKind::config, fmt::format("{}: {}", escaped(path), reading->failure)};
    }
    if (!reading->failure.empty()) throw Error{ErrorKind::config, reading->failure};
    co_return std::shared_ptr<const std::string>{reading, &reading->text};
}

awaitable<std::shared_ptr<const KeyReader::Reading>> KeyReader::fresh(std::string path) {
    const TimePoint asked = Clock::now();
    for (;;) {
        std::string same = path;
        auto reading = co_await pool_.ask(std::move(same));
        // One that had begun for somebody else may know a key that was taken out since.
        if (reading->began >= asked) co_return reading;
    }
}

}  // namespace culvert
