#include "common/forward/streams.hpp"

#include <utility>

namespace culvert {

Streams::Streams(IoExecutor executor, const std::string& connection, StreamOwner& owner,
                 TaskGroup::OnError on_error)
    : connection_{connection},
      owner_{owner},
      registry_{StreamRegistry::of(executor)},
      tasks_{executor, std::move(on_error)} {}

void Streams::on_gone() noexcept {
    unexpect();
    owner_.on_stream_gone();
}

void Streams::on_opening(const Stream& stream) {
    registry_.tell_begun(stream);
    owner_.on_opening(stream);
}

void Streams::on_not_opened(const Stream& stream, const Unreached& why) {
    owner_.on_not_opened(stream, why);
}

void Streams::on_over(const Stream& stream, RelayEnd end) {
    finished_ += stream.bytes();
    owner_.on_over(stream, end);
}

}  // namespace culvert
