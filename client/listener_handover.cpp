#include "client/listener_handover.hpp"

namespace culvert {

std::shared_ptr<Listener> ListenerHandover::listen(
    const IoExecutor& executor, const std::vector<asio::ip::tcp::endpoint>& endpoints) {
    std::vector<const Listener*> before;
    for (const auto& listener : replaced_) before.push_back(listener.get());
    auto fresh = std::make_shared<Listener>(executor, endpoints, Listener::accept_one, before);
    for (const auto& listener : replaced_) listener->close_shared_with(*fresh);
    return fresh;
}

void ListenerHandover::close() noexcept {
    // A cancelled run() may hold a share in a listener for another turn.
    for (const auto& listener : replaced_) listener->close();
    replaced_.clear();
}

}  // namespace culvert
