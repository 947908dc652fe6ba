// What becomes of a session when bytes are cut off or altered on the way.
#include <doctest/doctest.h>

#include <set>

#include "common/base/big_endian.hpp"
#include "common/transport/packet_reader.hpp"
#include "tests/unit/common/engine/recorded_session.hpp"
#include "tests/unit/common/transport/packet_ciphers.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

using Replay = RecordedSession::Replay;
using Reason = DisconnectReason;

/// The login grace; later the three unanswered keepalives. A key exchange has less than those.
Duration longest_wait(const Engine& engine) { return engine.authenticated() ? 60s : 30s; }

/// What isn't protected yet: the version line and the packets up to NEWKEYS.
struct PlainPart {
    std::size_t version_end = 0;
    std::size_t new_keys = 0;  ///< where the last packet begins
    std::size_t end = 0;
    std::set<std::size_t> padding;  ///< the offsets of bytes that mean nothing
};

PlainPart plain_part(Bytes bytes) {
    PlainPart plain;
    plain.version_end = plain.end = text_of(bytes).find('\n') + 1;
    for (std::uint8_t number = 0; number != msg::NewKeys::number;) {
        const Bytes packet = bytes.subspan(plain.end);
        const std::size_t size = 4 + load_big_endian<std::uint32_t>(packet.first<4>());
        const auto padding = std::to_integer<std::size_t>(packet[4]);
        number = std::to_integer<std::uint8_t>(packet[5]);
        for (std::size_t i = size - padding; i < size; ++i) plain.padding.insert(plain.end + i);
        plain.new_keys = plain.end;
        plain.end += size;
    }
    return plain;
}

/// Why it ended for the side that received the bytes. The reason is a protocol error's.
struct Failure {
    ErrorKind kind{};
    std::optional<Reason> reason{};
    std::string text;
};

Failure failure_of(const Error& error) {
    const auto* const protocol_error = dynamic_cast<const ProtocolError*>(&error);
    return {error.kind(), protocol_error ? std::optional{protocol_error->reason()} : std::nullopt,
            error.what()};
}

/// Nothing if it came to its end unharmed. Throws Broken if the stream's data was altered, or if it
/// would wait for longer than every deadline.
std::optional<Failure> failure_of(Replay& replay, Bytes bytes) {
    try {
        replay.play(bytes);
        if (replay.is_finished()) return std::nullopt;
        replay.wait_for_end(longest_wait(replay.engine()));
    } catch (const Error& error) {
        return failure_of(error);
    }
}

/// Altered in the clear: found out by a rule of the messages, by the exchange hash, or by waiting.
bool fits_plain_damage(const Failure& failure, Role role, bool in_version) {
    if (failure.kind != ErrorKind::protocol || failure.text.empty()) return false;
    switch (failure.reason.value()) {
        case Reason::protocol_version_not_supported:
            return in_version;
        case Reason::protocol_error:
            return !in_version;
        case Reason::key_exchange_failed:
            return !in_version || failure.text == "the server's host key signature is wrong";
        case Reason::mac_error:  // the client would have found out by the signature
            return role == Role::server && failure.text == "a packet was corrupted on the way";
        case Reason::by_application:
            return failure.text.ends_with("within 30 s") ||
                   failure.text.ends_with("and no SSH version within 30 s");
        default:
            return false;
    }
}

/// Altered where it is protected: the tag is wrong, or what a length promises never comes.
bool fits_sealed_damage(const Failure& failure, bool authenticated) {
    if (failure.reason == Reason::mac_error) {
        return failure.text == "a packet was corrupted on the way";
    }
    if (authenticated) {
        return failure.kind == ErrorKind::network &&
               failure.text ==
                   "nothing heard from the peer for 60 s, nor an answer to 3 keepalives";
    }
    return failure.reason == Reason::by_application &&
           failure.text == "no authentication within 30 s";
}

/// Whether the last word is one DISCONNECT. Sealed, it has the size of one: the other side's keys
/// differ after damage in the clear.
bool ends_with_disconnect(Replay& replay, const Choice& choice, const Failure& failure) {
    const std::size_t before = replay.said().size();
    replay.engine().end(failure.reason.value(), failure.text);
    const Bytes last = Bytes{replay.said()}.subspan(before);
    const auto reason = static_cast<std::uint32_t>(*failure.reason);
    const ByteVector expected = encoded(msg::Disconnect{reason, failure.text, ""});
    if (replay.engine().transport().keys_sent()) {
        PacketSealer sealer;
        sealer.use(make_cipher(choice.cipher));
        return last.size() == sealer.sealed_size(expected.size());
    }
    PacketReader reader;
    reader.input().append(last);
    const auto packet = reader.read();
    return packet && std::ranges::equal(packet->payload, expected) && !reader.read();
}

/// Whether the other side, which has heard all that this one said, hears why it ends.
bool tells_the_other_side(Replay& replay, Replay&& other, const Failure& failure) {
    replay.engine().end(failure.reason.value(), failure.text);
    other.play(replay.said());
    const auto& heard = other.program().peer_disconnected();
    return heard && heard->reason == static_cast<std::uint32_t>(*failure.reason) &&
           heard->description == failure.text;
}

/// Whether the other side is told. A client that has asked to be let in can't know whether the
/// server has begun to decompress (OpenSSH PROTOCOL 1.2): what it says then needn't be understood.
bool tells(Replay& replay, Replay&& other, const Choice& choice, const Failure& failure) {
    const Engine& engine = replay.engine();
    const bool may_be_misread = !engine.authenticated() && engine.transport().delays_compression();
    return may_be_misread ? ends_with_disconnect(replay, choice, failure)
                          : tells_the_other_side(replay, std::move(other), failure);
}

/// What an owner says when the peer has closed, after so many bytes of its own.
std::string closed_after(std::size_t length, const PlainPart& plain, Role role,
                         bool authenticated) {
    if (authenticated) return "the peer closed the connection";
    if (length >= plain.new_keys) return "the peer closed the connection during authentication";
    if (length >= plain.version_end) return "the peer closed the connection during key exchange";
    if (length > 0) return "the peer is not an SSH ";
    return role == Role::client ? "the connection was closed before the server said anything"
                                : "the client closed the connection before it said anything";
}

Failure failure_at_closing(const Engine& engine) {
    return failure_of(engine.peer_gone(Gone::closed));
}

}  // namespace

TEST_CASE("a recorded session can be played again") {
    for (const Choice& choice : all_choices()) {
        const RecordedSession session{choice};
        for (const Role role : {Role::client, Role::server}) {
            Replay replay{session, role};
            CHECK_FALSE(failure_of(replay, session.bytes_from(World::other(role))));
        }
    }
}

TEST_CASE("a session that breaks off anywhere ends: it says when it was closed, or ends in time") {
    for (const Choice& choice : all_choices()) {
        const RecordedSession session{choice};
        for (const Role role : {Role::client, Role::server}) {
            const Bytes bytes = session.bytes_from(World::other(role));
            const PlainPart plain = plain_part(bytes);
            for (std::size_t length = 0; length < bytes.size(); ++length) {
                CAPTURE(length);
                Replay replay{session, role};
                // What did arrive is as it was sent: nothing fails before the break.
                REQUIRE_NOTHROW(replay.play(bytes.first(length)));
                const Failure closed = failure_at_closing(replay.engine());
                CHECK(closed.kind == ErrorKind::network);
                CHECK(closed.text.starts_with(
                    closed_after(length, plain, role, replay.engine().authenticated())));
                CHECK_THROWS_AS(replay.wait_for_end(longest_wait(replay.engine())), Error);
            }
        }
    }
}

TEST_CASE("an altered bit in the clear ends the session, but for padding") {
    for (const Choice& choice : all_choices()) {
        const RecordedSession session{choice};
        for (const Role role : {Role::client, Role::server}) {
            ByteVector bytes = session.bytes_from(World::other(role));
            const PlainPart plain = plain_part(bytes);
            for (std::size_t bit = 0; bit < plain.end * 8; ++bit) {
                CAPTURE(bit);
                const auto mask = static_cast<std::byte>(1U << bit % 8);
                bytes[bit / 8] ^= mask;
                Replay replay{session, role};
                std::optional<Failure> failure;
                CHECK_NOTHROW(failure = failure_of(replay, bytes));
                CHECK(failure.has_value() != plain.padding.contains(bit / 8));
                if (failure) {
                    CAPTURE(failure->text);
                    // Found out before anything is believed.
                    CHECK_FALSE(replay.engine().authenticated());
                    CHECK(fits_plain_damage(*failure, role, bit / 8 < plain.version_end));
                    CHECK(ends_with_disconnect(replay, choice, *failure));
                }
                bytes[bit / 8] ^= mask;
            }
        }
    }
}

TEST_CASE("an altered bit in a protected packet ends the session, whatever the compression") {
    for (const Choice& choice : all_choices()) {
        const RecordedSession session{choice};
        for (const Role role : {Role::client, Role::server}) {
            ByteVector bytes = session.bytes_from(World::other(role));
            // One bit of a byte, each time another: a tag covers all of them alike.
            const std::size_t step = choice.compression == no_compression ? 1 : 5;
            for (std::size_t at = plain_part(bytes).end; at < bytes.size(); at += step) {
                CAPTURE(at);
                const auto mask = static_cast<std::byte>(1U << at % 8);
                bytes[at] ^= mask;
                Replay replay{session, role};
                std::optional<Failure> failure;
                CHECK_NOTHROW(failure = failure_of(replay, bytes));
                REQUIRE(failure);
                CAPTURE(failure->text);
                CHECK(fits_sealed_damage(*failure, replay.engine().authenticated()));
                // A peer that is silent is told nothing.
                if (failure->kind != ErrorKind::network) {
                    CHECK(tells(replay, {session, World::other(role)}, choice, *failure));
                }
                bytes[at] ^= mask;
            }
        }
    }
}
