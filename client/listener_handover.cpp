#include "client/listener_handover.hpp"

#include <algorithm>
#include <iterator>

#include "common/net/binding.hpp"

namespace culvert {

std::shared_ptr<Listener> ListenerHandover::listen(
    const IoExecutor& executor, const std::vector<asio::ip::tcp::endpoint>& endpoints) {
    std::vector<BoundSocket> before;
    for (const auto& listener : replaced_) {
        std::ranges::copy(listener->sockets(), std::back_inserter(before));
    }
    auto fresh = std::make_shared<Listener>(executor, listen_on_all(endpoints, before));
    for (const auto& listener : replaced_) listener->close_shared_with(*fresh);
    return fresh;
}

void ListenerHandover::close() noexcept {
    // A cancelled run() may hold a share in a listener for another turn.
    for (const auto& listener : replaced_) listener->close();
    replaced_.clear();
}

}  // namespace culvert
