#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/error.hpp"
#include "common/base/time.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/blocking_call_pool.hpp"
#include "server/key_files.hpp"

namespace culvert {

/// Reads authorized_keys files beside the threads that carry connections: a file system that
/// doesn't answer (a dead NFS server) holds up those alone who log in by one of its files.
class KeyReader {
public:
    using Function = std::function<std::string(const KeyFile& file)>;

    /// `time_limit`: how long a login waits for a file. `read` throws what read_key_file()
    /// does, is called from several threads, and may outlive this.
    explicit KeyReader(Duration time_limit = std::chrono::seconds{5},
                       Function read = read_key_file);

    /// The file's text as it is now, not as it was before the call. Throws Error{config} if it
    /// can't be read, or not in time, Error{internal} if the system lacks what it takes, and
    /// operation_aborted when cancelled.
    awaitable<std::shared_ptr<const std::string>> text_of(KeyFile file);

    /// To be called before the callers' io_contexts go.
    void close() { pool_.close(); }

private:
    struct Reading {
        explicit Reading(TimePoint at) : began{at} {}
        explicit Reading(const NoResult& none);

        TimePoint began = TimePoint::max();
        std::optional<NoResult::Why> why_not;
        std::string text;
        std::optional<Error> failure;  ///< without it there is a text
    };

    static Reading reading(const Function& read, const KeyFile& file);
    awaitable<std::shared_ptr<const Reading>> fresh(KeyFile file);

    Duration time_limit_;
    Function function_;
    BlockingCallPool<KeyFile, Reading> pool_;
};

}  // namespace culvert
