#include "common/transport/strict_key_exchange.hpp"

#include "common/transport/unexpected_message.hpp"

namespace culvert {

void StrictKeyExchange::on_first_kexinit(const FirstNegotiation& exchange, std::uint64_t packets) {
    agreed_ = asks_strict_kex(exchange.peer, exchange.us);
    if (agreed_) {
        // The packets are counted: sequence numbers come round to 0.
        if (packets == 1) return;
        throw unexpected_message(msg::KexInit::number,
                                 "not as the first packet, in a strict key exchange");
    }
    refusal_ = refusal_without_strict_kex(exchange);
    // A client that looks for host keys alone, as ssh-keyscan, risks nothing and asks for no
    // service.
    if (exchange.us == Role::client) check_service();
}

void StrictKeyExchange::refuse(std::uint8_t number) {
    throw unexpected_message(number, "in the first key exchange, which is strict");
}

}  // namespace culvert
