#include "common/forward/stream.hpp"

#include <utility>

#include "common/forward/stream_registry.hpp"
#include "common/forward/streams.hpp"

namespace culvert {

Stream::Stream(Streams& streams) noexcept : streams_{streams}, id_{StreamRegistry::next_id()} {
    streams_.registry().add(*this);
}

Stream::~Stream() {
    streams_.registry().remove(*this);
    streams_.on_gone();
}

const std::string& Stream::connection() const noexcept { return streams_.connection(); }

Relay& Stream::carry_with(StreamSocket socket, Session& session) {
    return relay_.emplace(std::move(socket), session, streams_.tasks());
}

void Stream::end() noexcept {
    told_to_end_ = true;
    if (relay_) relay_->end();
}

}  // namespace culvert
