#include "common/transport/packet_sender.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "common/transport/packet_reader.hpp"
#include "common/wire/transport_messages.hpp"

using namespace culvert;

namespace {

using Numbers = std::vector<int>;

/// The numbers of what has left, in its order.
Numbers left(PacketSender& sender) {
    PacketReader reader;
    OutputBuffer& output = sender.writer().output();
    reader.input().append(output.unsent());
    output.sent(output.size());
    Numbers numbers;
    while (const auto packet = reader.read()) numbers.push_back(message_number(packet->payload));
    return numbers;
}

ByteVector message(unsigned number, std::size_t size = 1) {
    ByteVector payload(size);
    payload[0] = static_cast<std::byte>(number);
    return payload;
}

}  // namespace

TEST_CASE(
    "between KEXINIT and NEWKEYS none but its messages and the generic leave (RFC 4253 7.1)") {
    for (unsigned number = 1; number < 256; ++number) {
        CAPTURE(number);
        const bool waits = number == 5 || number == 6 || number >= 50;
        const int as_int = static_cast<int>(number);
        PacketSender sender;
        CHECK_FALSE(sender.is_open());  // there is always a first exchange
        sender.send(message(number));
        CHECK(left(sender) == (waits ? Numbers{} : Numbers{as_int}));
        CHECK((sender.held_bytes() > 0) == waits);
        sender.end_exchange();
        CHECK(sender.is_open());
        CHECK(left(sender) == (waits ? Numbers{as_int} : Numbers{}));
        sender.send(message(number));
        CHECK(left(sender) == Numbers{as_int});
    }
}

TEST_CASE("what was held leaves behind NEWKEYS in its order, and once") {
    PacketSender sender;
    sender.end_exchange();
    for (int exchange = 0; exchange < 2; ++exchange) {
        sender.begin_exchange(message(msg::KexInit::number));
        sender.send(message(94, 100));
        sender.send(message(msg::Ignore::number));
        sender.send(message(97, 9));
        const PacketSealer& sealer = sender.writer().sealer();
        CHECK(sender.held_bytes() == sealer.sealed_size(100) + sealer.sealed_size(9));
        CHECK_FALSE(sender.is_open());
        CHECK(left(sender) == Numbers{20, 2});
        sender.send(message(msg::NewKeys::number));
        sender.end_exchange();
        CHECK(sender.held_bytes() == 0);
        sender.send(message(98));
        CHECK(left(sender) == Numbers{21, 94, 97, 98});
    }
}
