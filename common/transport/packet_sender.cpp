#include "common/transport/packet_sender.hpp"

#include <utility>

#include "common/transport/message_numbers.hpp"

namespace culvert {

void PacketSender::send(Bytes payload) {
    if (state_ == State::open || !waits_for_key_exchange(message_number(payload))) {
        writer_.write(payload);
    } else {
        held_.emplace_back(payload.begin(), payload.end());
        held_bytes_ += writer_.sealer().sealed_size(payload.size());
    }
}

void PacketSender::begin_exchange(Bytes kexinit) {
    state_ = State::key_exchange;
    writer_.write(kexinit);
}

void PacketSender::end_exchange() {
    state_ = State::open;
    held_bytes_ = 0;
    for (const ByteVector& payload : std::exchange(held_, {})) writer_.write(payload);
}

}  // namespace culvert
