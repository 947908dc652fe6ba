// Two connections talk in memory, and what arrives is what was sent.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include "tests/unit/common/connection/lone_connection.hpp"

using namespace culvert;

namespace {

/// One end of many streams: it makes up bytes to send, reads at its own pace, and checks that what
/// arrives is the peer's bytes, each once and in order.
class End {
public:
    End(const ConnectionConfig& config, std::uint32_t seed) : lone_{config}, random_{seed} {}

    /// Sends the next piece of some stream, if one may.
    void send_data() {
        const auto turn = lone_.connection.next_turn();
        if (!turn) return;
        Stream& stream = streams_.at(turn->channel);
        const std::size_t bytes =
            std::min({turn->bytes, turn->packet_bytes, stream.to_send, 1 + random_() % 5'000});
        ByteVector data;
        for (std::size_t i = 0; i < bytes; ++i) data.push_back(pattern(stream.sent++));
        stream.to_send -= bytes;
        lone_.sent.send(msg::ChannelData{turn->remote, data});
        lone_.connection.on_data_sent(turn->channel, bytes, {});
        if (stream.to_send == 0) {
            lone_.connection.set_readable(turn->channel, false);
            lone_.connection.send_eof(turn->channel);
        }
    }
    /// The local program reads some of what arrived.
    void deliver_some() {
        for (auto& [id, stream] : streams_) {
            const std::size_t bytes = random_() % (stream.undelivered + 1);
            stream.undelivered -= bytes;
            if (stream.open) lone_.connection.delivered(id, bytes, {});
        }
    }
    void open_channel() {
        const auto id = lone_.connection.open(DirectTcpip{{"h", 1}, {"o", 1}}, {});
        REQUIRE(id);
    }
    void close_finished() {
        for (auto& [id, stream] : streams_) {
            if (!stream.open || !stream.eof || stream.to_send > 0) continue;
            lone_.connection.close(id);
            stream.open = false;
        }
    }

    void hear(Bytes payload) {
        const auto event = lone_.connection.on_packet(payload, {});
        if (!event) return;
        if (const auto* requested = std::get_if<ChannelRequested>(&*event)) {
            lone_.connection.confirm_open(requested->channel);
            begin(requested->channel);
        } else if (const auto* opened = std::get_if<ChannelOpened>(&*event)) {
            begin(opened->channel);
        } else if (const auto* data = std::get_if<ChannelDataReceived>(&*event)) {
            Stream& stream = streams_.at(data->channel);
            const bool as_sent = std::ranges::all_of(
                data->data, [&](std::byte b) { return b == pattern(stream.received++); });
            REQUIRE(as_sent);
            stream.undelivered += data->data.size();
        } else if (const auto* eof = std::get_if<ChannelEofReceived>(&*event)) {
            streams_.at(eof->channel).eof = true;
        } else if (const auto* closed = std::get_if<ChannelClosed>(&*event)) {
            CHECK(closed->end == ChannelEnd::clean);
            streams_.at(closed->channel).open = false;
        }
    }

    std::vector<ByteVector> take_sent() { return lone_.sent.take(); }
    std::size_t channels() const { return lone_.connection.channels(); }
    bool all_sent() const {
        for (const auto& [id, stream] : streams_) {
            if (stream.to_send > 0) return false;
        }
        return !streams_.empty();
    }
    std::size_t received() const {
        std::size_t bytes = 0;
        for (const auto& [id, stream] : streams_) bytes += stream.received;
        return bytes;
    }

    static constexpr std::size_t bytes_of_a_stream = 60'000;

private:
    struct Stream {
        std::size_t to_send = bytes_of_a_stream;
        std::size_t sent = 0;
        std::size_t received = 0;
        std::size_t undelivered = 0;
        bool eof = false;
        bool open = true;
    };

    static std::byte pattern(std::size_t at) { return static_cast<std::byte>(at * 7 + at / 251); }

    void begin(ChannelId id) {
        streams_[id] = {};
        lone_.connection.set_readable(id, true);
    }

    test::LoneConnection lone_;
    std::mt19937 random_;
    std::map<ChannelId, Stream> streams_;
};

}  // namespace

TEST_CASE("streams arrive whole over small windows, in any order of events") {
    constexpr std::size_t channels = 7;
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        ConnectionConfig of_client = test::of_client();
        ConnectionConfig of_server = test::of_server();
        const auto small = [&] { return static_cast<std::uint32_t>(1 + random() % 3'000); };
        of_client.receive_window.first = small();
        of_server.receive_window.first = small();
        End client{of_client, seed * 2};
        End server{of_server, seed * 2 + 1};
        std::deque<ByteVector> to_client;
        std::deque<ByteVector> to_server;
        const auto collect = [](End& from, std::deque<ByteVector>& to) {
            for (ByteVector& payload : from.take_sent()) to.push_back(std::move(payload));
        };
        const auto pass_one = [](std::deque<ByteVector>& from, End& to) {
            if (from.empty()) return;
            to.hear(from.front());
            from.pop_front();
        };
        for (std::size_t i = 0; i < channels; ++i) client.open_channel();
        constexpr std::size_t all = channels * End::bytes_of_a_stream;
        std::size_t steps = 0;
        while (client.received() < all || server.received() < all || !to_client.empty() ||
               !to_server.empty()) {
            REQUIRE(++steps < 3'000'000);
            switch (random() % 6) {
                case 0:
                    client.send_data();
                    break;
                case 1:
                    server.send_data();
                    break;
                case 2:
                    client.deliver_some();
                    break;
                case 3:
                    server.deliver_some();
                    break;
                case 4:
                    pass_one(to_client, client);
                    break;
                default:
                    pass_one(to_server, server);
            }
            collect(client, to_server);
            collect(server, to_client);
        }
        CHECK(client.all_sent());
        CHECK(server.all_sent());
        client.close_finished();
        if (seed % 2 == 0) server.close_finished();  // CLOSEs that cross
        for (int i = 0; i < 100; ++i) {
            collect(client, to_server);
            collect(server, to_client);
            pass_one(to_client, client);
            pass_one(to_server, server);
        }
        CHECK(client.channels() == 0);
        CHECK(server.channels() == 0);
    }
}
