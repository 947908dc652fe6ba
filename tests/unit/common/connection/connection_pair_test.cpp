// Two connections talk in memory, and what arrives is what was sent.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include "tests/unit/common/connection/lone_connection.hpp"

using namespace culvert;

namespace {

/// One end of many streams: it makes up bytes to send, reads at its own path, and checks that what
/// arrives is the peer's bytes, each once and in order.
class End {
public:
    End(const ConnectionConfig& config, std::uint32_t seed)
        : connection_{config, sent_}, random_{seed} {}

    /// Sends the next piece of some stream, if one may.
    void send_data() {
        const auto turn = connection_.next_turn();
        if (!turn) return;
        Stream& stream = streams_.at(turn->channel.local());
        const std::size_t bytes =
            std::min({turn->bytes, turn->packet_bytes, stream.to_send, 1 + random_() % 5'000});
        ByteVector data;
        for (std::size_t i = 0; i < bytes; ++i) data.push_back(pattern(stream.sent++));
        stream.to_send -= bytes;
        sent_.send(msg::ChannelData{turn->channel.remote(), data});
        const bool all = stream.to_send == 0;
        connection_.on_turn_over(turn->channel, {bytes, all ? Then::eof : Then::more}, {});
    }
    /// The local program reads some of what arrived.
    void deliver_some() {
        hand_over();
        for (auto& [id, stream] : streams_) {
            const std::size_t bytes = random_() % (stream.undelivered + 1);
            stream.undelivered -= bytes;
            connection_.delivered(id, bytes, {});
        }
    }
    void open_channel() {
        const ChannelId next = connection_.next_channel();
        REQUIRE(connection_.open(test::target, stream_of(next), {}) == next);
    }
    void close_finished() {
        hand_over();
        for (auto& [id, stream] : streams_) {
            if (stream.open && stream.eof && stream.to_send == 0) connection_.close(id);
            if (stream.eof && stream.to_send == 0) stream.open = false;
        }
    }

    /// Data gather before they are handed over.
    void hear(ByteVector payload) {
        heard_.push_back(std::move(payload));
        const auto event = connection_.on_packet(heard_.back(), {});
        if (random_() % 2 == 0) hand_over();
        if (!event) return;
        const ChannelId id = std::get<ChannelRequested>(*event).channel;
        Stream& stream = stream_of(id);
        connection_.accept(id, stream);
        stream.on_opened();
    }

    std::vector<ByteVector> take_sent() { return sent_.take(); }
    std::size_t channels() const { return connection_.channels(); }
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
    using Then = ChannelRead::Then;

    struct Stream final : ChannelUser {
        Stream(End& its_end, ChannelId its_id) : end{its_end}, id{its_id} {}

        ChannelRead read(std::span<const MutableBytes>) noexcept override { return {}; }
        std::size_t write(std::span<const Bytes> data, Rest rest) noexcept override {
            CHECK(open);
            CHECK_FALSE(eof);
            std::size_t size = 0;
            for (const Bytes piece : data) size += piece.size();
            const std::size_t at_once = end.random_() % (size + 1);
            std::size_t left = rest == Rest::keep ? size : at_once;
            undelivered += left - at_once;
            for (Bytes piece : data) {
                piece = piece.first(std::min(left, piece.size()));
                left -= piece.size();
                for (const std::byte b : piece) as_sent = as_sent && b == pattern(received++);
            }
            CHECK(as_sent);
            return at_once;
        }
        void on_opened() noexcept override { end.connection_.set_readable(id); }
        void on_refused(const OpenFailure&) noexcept override { FAIL_CHECK("refused"); }
        void on_eof() noexcept override { eof = true; }
        void on_closed(ChannelEnd how) noexcept override {
            CHECK(how == ChannelEnd::clean);
            open = false;
        }
        void on_lost() noexcept override { FAIL_CHECK("lost"); }

        End& end;
        ChannelId id;
        std::size_t to_send = bytes_of_a_stream;
        std::size_t sent = 0;
        std::size_t received = 0;
        std::size_t undelivered = 0;
        bool as_sent = true;
        bool eof = false;
        bool open = true;
    };

    static std::byte pattern(std::size_t at) { return static_cast<std::byte>(at * 7 + at / 251); }

    Stream& stream_of(ChannelId id) { return streams_.try_emplace(id, *this, id).first->second; }

    void hand_over() {
        while (!connection_.offer({})) connection_.on_waited(std::chrono::microseconds{500});
        heard_.clear();
    }

    test::RecordingSink sent_;
    std::map<ChannelId, Stream> streams_;
    Connection connection_;
    std::mt19937 random_;
    std::deque<ByteVector> heard_;  ///< what is in the inbox lies here
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
            to.hear(std::move(from.front()));
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
