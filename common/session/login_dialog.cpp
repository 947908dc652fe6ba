#include "common/session/login_dialog.hpp"

#include <utility>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/net/both.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
awaitable<void> LoginDialog::on_host_key(HostKeyOffered offered) {
    co_await client().check_host_key(std::move(offered.key));
    engine_.accept_host_key(Clock::now());
}

awaitable<void> LoginDialog::on_public_key_request(PublicKeyRequest request) {
    const bool allowed = co_await server().allows(std::move(request));
    if (allowed) {
        engine_.accept_key(Clock::now());
    } else {
        engine_.refuse_key();
    }
}

awaitable<void> LoginDialog::on_host_signature_wanted(HostSignatureWanted wanted) {
    constexpr Duration limit = limits::time_limit::host_signature;
    auto signing = server().sign_host(std::move(wanted));
    const auto signature = co_await with_timeout(std::move(signing), limit);
    if (!signature) {
        throw Error{ErrorKind::internal, fmt::format("the host key's signature didn't come in {} s",
                                                     limit / std::chrono::seconds{1})};
    }
    engine_.provide_host_signature(*signature, Clock::now());
}

/// An agent may ask its user, which takes time.
awaitable<void> LoginDialog::on_signature_wanted(SignatureWanted wanted) {
    std::optional<ByteVector> signature;
    Event is_over;
    co_await both(sign(std::move(wanted), signature, is_over), query_while_signing(is_over));
    if (signature) {
        engine_.provide_signature(*signature, Clock::now());
    } else {
        engine_.decline_signature(Clock::now());
    }
}

awaitable<void> LoginDialog::sign(SignatureWanted wanted, std::optional<ByteVector>& signature,
                                  Event& is_over) {
    signature = co_await client().sign(std::move(wanted));
    is_over.set();
}

awaitable<void> LoginDialog::query_while_signing(Event& is_over) {
    const bool is_quick = co_await with_timeout(is_over.wait(), limits::time_limit::slow_signature);
    if (is_quick) co_return;
    engine_.query_while_signing();
    send_();
    co_await is_over.wait();
}

void LoginDialog::announce_ready() {
    if (announced_ready_ || !engine_.may_open_channels()) return;
    announced_ready_ = true;
    if (auto* const client = std::get_if<ClientLogin*>(&login_)) (*client)->on_ready();
}

}  // namespace culvert
