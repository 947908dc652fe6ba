#include "client/io_threads.hpp"

#include <system_error>

#include "common/log/log.hpp"
#include "common/log/log_thrown.hpp"

namespace culvert {

void IoThreads::start(std::size_t wanted) {
    if (wanted < 2) return;
    while (threads_.size() < wanted) {
        try {
            threads_.push_back(std::make_unique<IoThread>(&log_thrown));
        } catch (const std::system_error& error) {
            // The limits of a container, or RLIMIT_NPROC.
            log_error("only {} of {} threads can be started: {}", threads_.size(), wanted,
                      error.code().message());
            break;
        }
    }
}

IoExecutor IoThreads::next() {
    if (threads_.empty()) return own_thread_;
    return threads_[given_++ % threads_.size()]->executor();
}

}  // namespace culvert
