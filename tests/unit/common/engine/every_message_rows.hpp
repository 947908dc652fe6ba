#pragma once

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

#include "tests/unit/common/engine/walks.hpp"

namespace culvert::test {

/// What becomes of a message in a state of the connection.
enum class Outcome {
    legal,          ///< answered, told to the owner, or a step ahead
    ignored,        ///< nothing happens, and the connection goes on as if it hadn't been there
    unimplemented,  ///< SSH_MSG_UNIMPLEMENTED, and the connection goes on
    poisons,        ///< nothing happens, but a strict key exchange finds that it was there
    unread,         ///< not looked at before the owner has decided
    ends,           ///< SSH_MSG_DISCONNECT, PROTOCOL_ERROR
    peer_left,
};

/// Of these stages and message numbers, both ends included. The last row that fits counts.
template <class Stage>
struct Row {
    Stage from, to;
    int first, last;
    Outcome outcome;
    std::string_view does = {};  ///< what is legal: the events, then the answers
};

using S = ServerWalk::Stage;
using C = ClientWalk::Stage;

inline const std::vector<Row<S>> server_rows{
    {S::before_kexinit, S::over, 0, 255, Outcome::ends},

    // ---- the first key exchange, strict: nothing but what it needs
    {S::before_kexinit, S::before_kexinit, 0, 0, Outcome::poisons},
    {S::before_kexinit, S::before_kexinit, 2, 4, Outcome::poisons},
    {S::before_kexinit, S::before_kexinit, 8, 19, Outcome::poisons},
    {S::before_kexinit, S::before_kexinit, 192, 255, Outcome::poisons},
    {S::before_kexinit, S::before_kexinit, 20, 20, Outcome::legal},
    {S::before_init, S::before_init, 30, 30, Outcome::legal, "31 21 7"},
    {S::before_new_keys, S::before_new_keys, 21, 21, Outcome::legal},

    // ---- from then on: what nobody has assigned, or we don't know
    {S::after_new_keys, S::over, 0, 0, Outcome::unimplemented},
    {S::after_new_keys, S::over, 8, 19, Outcome::unimplemented},
    {S::after_new_keys, S::over, 22, 29, Outcome::unimplemented},
    {S::after_new_keys, S::over, 32, 49, Outcome::unimplemented},
    {S::after_new_keys, S::over, 54, 59, Outcome::unimplemented},
    {S::after_new_keys, S::over, 61, 79, Outcome::unimplemented},
    {S::after_new_keys, S::over, 128, 191, Outcome::unimplemented},
    {S::after_new_keys, S::over, 194, 255, Outcome::unimplemented},
    {S::after_new_keys, S::over, 2, 4, Outcome::ignored},
    {S::after_new_keys, S::over, 192, 193, Outcome::ignored},

    // ---- authentication
    {S::after_new_keys, S::after_new_keys, 7, 7, Outcome::legal},
    {S::after_new_keys, S::key_refused, 5, 5, Outcome::legal, "6"},
    {S::before_request, S::key_refused, 50, 50, Outcome::legal, "51"},
    {S::deciding, S::deciding, 0, 255, Outcome::unread},

    // ---- the connection protocol
    {S::authenticated, S::over, 5, 5, Outcome::unimplemented},
    {S::authenticated, S::over, 20, 20, Outcome::legal, "20"},
    {S::authenticated, S::over, 50, 50, Outcome::ignored},
    {S::authenticated, S::over, 80, 80, Outcome::legal, "82"},
    {S::authenticated, S::over, 81, 82, Outcome::ignored},  // nobody asked
    {S::authenticated, S::over, 83, 89, Outcome::unimplemented},
    {S::authenticated, S::over, 90, 90, Outcome::legal, "ChannelRequested"},
    {S::authenticated, S::over, 101, 127, Outcome::unimplemented},
    {S::authenticated, S::over, 192, 192, Outcome::legal, "193"},
    {S::channel_open, S::over, 93, 93, Outcome::legal},
    {S::channel_open, S::over, 94, 94, Outcome::legal, "ChannelDataReceived"},
    {S::channel_open, S::over, 95, 95, Outcome::legal},
    {S::channel_open, S::over, 96, 96, Outcome::legal, "ChannelEofReceived"},
    {S::channel_open, S::over, 97, 97, Outcome::legal, "ChannelClosed 97"},
    {S::channel_open, S::over, 98, 98, Outcome::legal, "100"},
    {S::channel_open, S::over, 99, 100, Outcome::ignored},  // nobody asked

    // ---- a later key exchange, from the peer's KEXINIT to its NEWKEYS (RFC 4253 7.1): the
    // messages of the connection protocol are handled under the keys that hold
    {S::rekey_before_init, S::rekey_before_new_keys, 5, 7, Outcome::ends},
    {S::rekey_before_init, S::rekey_before_new_keys, 20, 79, Outcome::ends},
    {S::rekey_before_init, S::rekey_before_init, 30, 30, Outcome::legal, "31 21"},
    {S::rekey_before_new_keys, S::rekey_before_new_keys, 21, 21, Outcome::legal, "Rekeyed"},
    // A PONG must not be sent during an exchange, and isn't kept for later.
    {S::rekey_before_init, S::rekey_before_init, 192, 192, Outcome::ignored},
    {S::rekey_by_us, S::rekey_by_us, 192, 192, Outcome::ignored},
    // Its KEXINIT is out already, and other answers wait for the end of the exchange.
    {S::rekey_by_us, S::rekey_by_us, 20, 20, Outcome::legal},
    {S::rekey_by_us, S::rekey_by_us, 80, 80, Outcome::legal},
    {S::rekey_by_us, S::rekey_by_us, 97, 97, Outcome::legal, "ChannelClosed"},
    {S::rekey_by_us, S::rekey_by_us, 98, 98, Outcome::legal},
    {S::rekey_before_init, S::rekey_before_init, 80, 80, Outcome::legal},
    {S::rekey_before_init, S::rekey_before_init, 97, 97, Outcome::legal, "ChannelClosed"},
    {S::rekey_before_init, S::rekey_before_init, 98, 98, Outcome::legal},

    {S::before_kexinit, S::over, 1, 1, Outcome::peer_left},
    {S::deciding, S::deciding, 1, 1, Outcome::unread},
};

inline const std::vector<Row<C>> client_rows{
    {C::before_kexinit, C::over, 0, 255, Outcome::ends},

    // ---- the first key exchange, strict: nothing but what it needs
    {C::before_kexinit, C::before_kexinit, 0, 0, Outcome::poisons},
    {C::before_kexinit, C::before_kexinit, 2, 4, Outcome::poisons},
    {C::before_kexinit, C::before_kexinit, 8, 19, Outcome::poisons},
    {C::before_kexinit, C::before_kexinit, 192, 255, Outcome::poisons},
    {C::before_kexinit, C::before_kexinit, 20, 20, Outcome::legal},
    {C::before_reply, C::before_reply, 31, 31, Outcome::legal, "HostKeyOffered"},
    {C::before_new_keys, C::before_new_keys, 21, 21, Outcome::legal},

    // ---- from then on: what nobody has assigned, or we don't know
    {C::after_new_keys, C::over, 0, 0, Outcome::unimplemented},
    {C::after_new_keys, C::over, 8, 19, Outcome::unimplemented},
    {C::after_new_keys, C::over, 22, 29, Outcome::unimplemented},
    {C::after_new_keys, C::over, 32, 49, Outcome::unimplemented},
    {C::after_new_keys, C::over, 54, 59, Outcome::unimplemented},
    {C::after_new_keys, C::over, 61, 79, Outcome::unimplemented},
    {C::after_new_keys, C::over, 128, 191, Outcome::unimplemented},
    {C::after_new_keys, C::over, 194, 255, Outcome::unimplemented},
    {C::after_new_keys, C::over, 2, 4, Outcome::ignored},
    {C::after_new_keys, C::over, 192, 193, Outcome::ignored},

    // ---- authentication
    {C::after_new_keys, C::requested, 7, 7, Outcome::legal},
    {C::after_new_keys, C::before_service, 6, 6, Outcome::legal},
    {C::asked, C::requested, 51, 51, Outcome::legal, "SignatureWanted"},
    {C::asked, C::requested, 53, 53, Outcome::legal, "BannerReceived"},
    {C::asked, C::asked, 60, 60, Outcome::legal, "SignatureWanted"},
    {C::requested, C::requested, 52, 52, Outcome::legal, "Authenticated"},

    // ---- the connection protocol
    {C::authenticated, C::over, 20, 20, Outcome::legal, "20 30"},
    {C::authenticated, C::over, 80, 80, Outcome::legal, "82"},
    {C::authenticated, C::over, 81, 82, Outcome::ignored},  // nobody asked
    {C::authenticated, C::over, 83, 89, Outcome::unimplemented},
    {C::authenticated, C::over, 90, 90, Outcome::legal, "RequestDenied 92"},
    {C::authenticated, C::over, 101, 127, Outcome::unimplemented},
    {C::authenticated, C::over, 192, 192, Outcome::legal, "193"},
    {C::opening, C::opening, 91, 91, Outcome::legal, "ChannelOpened"},
    {C::opening, C::opening, 92, 92, Outcome::legal, "ChannelRefused"},
    {C::channel_open, C::over, 93, 93, Outcome::legal},
    {C::channel_open, C::over, 94, 94, Outcome::legal, "ChannelDataReceived"},
    {C::channel_open, C::over, 95, 95, Outcome::legal},
    {C::channel_open, C::over, 96, 96, Outcome::legal, "ChannelEofReceived"},
    {C::channel_open, C::over, 97, 97, Outcome::legal, "ChannelClosed 97"},
    {C::channel_open, C::over, 98, 98, Outcome::legal, "100"},
    {C::channel_open, C::over, 99, 100, Outcome::ignored},  // nobody asked

    // ---- a later key exchange, from the peer's KEXINIT to its NEWKEYS (RFC 4253 7.1): the
    // messages of the connection protocol are handled under the keys that hold
    {C::rekey_before_reply, C::rekey_before_new_keys, 5, 7, Outcome::ends},
    {C::rekey_before_reply, C::rekey_before_new_keys, 20, 79, Outcome::ends},
    {C::rekey_before_reply, C::rekey_before_reply, 31, 31, Outcome::legal, "21"},
    {C::rekey_before_new_keys, C::rekey_before_new_keys, 21, 21, Outcome::legal, "Rekeyed"},
    // A PONG must not be sent during an exchange, and isn't kept for later.
    {C::rekey_before_reply, C::rekey_before_reply, 192, 192, Outcome::ignored},
    {C::rekey_by_us, C::rekey_by_us, 192, 192, Outcome::ignored},
    // Its KEXINIT is out already, and other answers wait for the end of the exchange.
    {C::rekey_by_us, C::rekey_by_us, 20, 20, Outcome::legal, "30"},
    {C::rekey_by_us, C::rekey_by_us, 80, 80, Outcome::legal},
    {C::rekey_by_us, C::rekey_by_us, 90, 90, Outcome::legal, "RequestDenied"},
    {C::rekey_by_us, C::rekey_by_us, 97, 97, Outcome::legal, "ChannelClosed"},
    {C::rekey_by_us, C::rekey_by_us, 98, 98, Outcome::legal},
    {C::rekey_before_reply, C::rekey_before_reply, 80, 80, Outcome::legal},
    {C::rekey_before_reply, C::rekey_before_reply, 90, 90, Outcome::legal, "RequestDenied"},
    {C::rekey_before_reply, C::rekey_before_reply, 97, 97, Outcome::legal, "ChannelClosed"},
    {C::rekey_before_reply, C::rekey_before_reply, 98, 98, Outcome::legal},

    {C::before_kexinit, C::over, 1, 1, Outcome::peer_left},
    {C::deciding, C::deciding, 0, 255, Outcome::unread},
};

/// Without strict KEX the first exchange allows what every other one does.
template <class Stage>
std::vector<Row<Stage>> without_strict_kex(std::vector<Row<Stage>> rows, Stage last_of_exchange,
                                           Stage deciding) {
    const Stage first = Stage::before_kexinit;
    for (const auto& [from, to, outcome] : {std::tuple{0, 0, Outcome::unimplemented},
                                            {2, 4, Outcome::ignored},
                                            {8, 19, Outcome::unimplemented},
                                            {192, 193, Outcome::ignored},
                                            {194, 255, Outcome::unimplemented}}) {
        rows.push_back({first, last_of_exchange, from, to, outcome});
    }
    rows.push_back({deciding, deciding, 0, 255, Outcome::unread});
    return rows;
}

template <class Stage>
const Row<Stage>& expected(const std::vector<Row<Stage>>& rows, Stage stage, int number) {
    const auto fits = [&](const Row<Stage>& row) {
        return row.from <= stage && stage <= row.to && row.first <= number && number <= row.last;
    };
    return *std::find_if(rows.rbegin(), rows.rend(), fits);
}

}  // namespace culvert::test
