// What becomes of a session when bytes are cut off or altered on the way.
#include <doctest/doctest.h>

#include <set>

#include "common/base/big_endian.hpp"
#include "tests/unit/common/engine/recorded_session.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

/// The login grace; later the three unanswered keepalives. A key exchange has less than those.
Duration longest_wait(const Engine& engine) { return engine.authenticated() ? 60s : 30s; }

/// What isn't protected yet: the version line and the packets up to NEWKEYS.
struct PlainPart {
    std::size_t end = 0;
    std::set<std::size_t> padding;  ///< the offsets of bytes that mean nothing
};

PlainPart plain_part(Bytes bytes) {
    PlainPart plain;
    plain.end = text_of(bytes).find('\n') + 1;
    for (std::uint8_t number = 0; number != msg::NewKeys::number;) {
        const Bytes packet = bytes.subspan(plain.end);
        const std::size_t size = 4 + load_big_endian<std::uint32_t>(packet.first<4>());
        const auto padding = std::to_integer<std::size_t>(packet[4]);
        number = std::to_integer<std::uint8_t>(packet[5]);
        for (std::size_t i = size - padding; i < size; ++i) plain.padding.insert(plain.end + i);
        plain.end += size;
    }
    return plain;
}

enum class Ending { whole, failed, given_up };

/// How it ends for the side that receives these bytes. Throws Broken if the stream's data was
/// altered, or if it would wait for longer than every deadline.
Ending ending_of(RecordedSession::Replay& replay, Bytes bytes) {
    try {
        replay.play(bytes);
    } catch (const Error&) {
        return Ending::failed;
    }
    if (replay.is_finished()) return Ending::whole;
    const Duration longest = longest_wait(replay.engine());
    if (replay.wait_for_end() > longest) throw Broken{"it would wait for too long"};
    return Ending::given_up;
}

}  // namespace

TEST_CASE("a recorded session can be played again") {
    for (const Choice& choice : all_choices()) {
        const RecordedSession session{choice};
        for (const Role role : {Role::client, Role::server}) {
            RecordedSession::Replay replay{session, role};
            CHECK(ending_of(replay, session.bytes_from(World::other(role))) == Ending::whole);
        }
    }
}

TEST_CASE("a session that breaks off anywhere ends, at once if closed and in time if not") {
    for (const Choice& choice : all_choices()) {
        const RecordedSession session{choice};
        for (const Role role : {Role::client, Role::server}) {
            const Bytes bytes = session.bytes_from(World::other(role));
            for (std::size_t length = 0; length < bytes.size(); ++length) {
                CAPTURE(length);
                RecordedSession::Replay replay{session, role};
                // What did arrive is as it was sent: nothing fails before the break.
                REQUIRE_NOTHROW(replay.play(bytes.first(length)));
                CHECK_THROWS_AS(replay.engine().on_peer_gone(Engine::Gone::closed), Error);
                const Duration longest = longest_wait(replay.engine());
                CHECK(replay.wait_for_end() <= longest);
            }
        }
    }
}

TEST_CASE("a single altered bit ends the session, but for padding before the first NEWKEYS") {
    for (const Choice& choice : all_choices()) {
        // Compression changes nothing about what is protected.
        if (choice.compression != no_compression) continue;
        const RecordedSession session{choice};
        for (const Role role : {Role::client, Role::server}) {
            ByteVector bytes = session.bytes_from(World::other(role));
            const PlainPart plain = plain_part(bytes);
            for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
                CAPTURE(bit);
                const auto mask = static_cast<std::byte>(1U << bit % 8);
                bytes[bit / 8] ^= mask;
                RecordedSession::Replay replay{session, role};
                Ending ending = Ending::whole;
                CHECK_NOTHROW(ending = ending_of(replay, bytes));
                if (plain.padding.contains(bit / 8)) {
                    CHECK(ending == Ending::whole);
                } else {
                    CHECK(ending != Ending::whole);
                    // Altered in the clear: found out before anything is believed.
                    if (bit / 8 < plain.end) CHECK_FALSE(replay.engine().authenticated());
                }
                bytes[bit / 8] ^= mask;
            }
        }
    }
}
