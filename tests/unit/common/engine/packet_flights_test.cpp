// Round trips are counted.
#include <doctest/doctest.h>

#include "tests/unit/common/engine/walks.hpp"
#include "tests/unit/common/engine/world.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

using Numbers = std::vector<int>;

/// How often the client has something to say until the server's program has the first byte of the
/// stream. What both sides say at a time arrives at a time.
int client_flights_until_data(World& world) {
    int flights = 0;
    const auto has_data = [&world] {
        return world.program(Role::server).streams()[0].received > 0;
    };
    while (!has_data()) {
        for (const Role role : {Role::client, Role::server}) {
            world.program(role).work(world.now());
            if (world.transmit(role, SIZE_MAX) > 0 && role == Role::client) ++flights;
        }
        world.carry(Role::client, SIZE_MAX);
        world.carry(Role::server, SIZE_MAX);
    }
    return flights;
}

Scene scene_of(const Choice& choice) {
    return {.client = client_config(choice),
            .server = server_config(choice),
            .streams = {{.size = {1, 0}}}};
}

Scene with_keys(Scene scene, Program::Keys keys, std::optional<std::size_t> sure) {
    scene.client.identities.keys.clear();
    for (const auto& key : keys) scene.client.identities.keys.push_back(key->public_key());
    scene.client.identities.optimistic = sure;
    scene.client_keys = std::move(keys);
    return scene;
}

Scene with_all_kex_methods(Scene scene) {
    scene.client.transport.algorithms.kex = kex_methods();
    scene.server.transport.algorithms.kex = kex_methods();
    return scene;
}

Scene with_other_first_kex(Scene scene) {
    scene = with_all_kex_methods(std::move(scene));
    std::ranges::reverse(scene.server.transport.algorithms.kex);
    return scene;
}

}  // namespace

TEST_CASE("a cold tunnel delivers its first byte in as few flights as SSH allows") {
    const Choice zlib{.compression = delayed_zlib};
    const Choice zstd{.compression = delayed_zstd};
    struct Row {
        std::string_view name;
        Scene scene;
        int flights;
    };
    for (Row row : {
             Row{"one key", scene_of({}), 3},
             Row{"keys that outlast a quantum computer", with_all_kex_methods(scene_of({})), 3},
             Row{"a key that is known to be taken",
                 with_keys(scene_of({}), {stranger_key(), user_key()}, 1), 3},
             Row{"two keys, the second is taken: the first must be asked about",
                 with_keys(scene_of({}), {stranger_key(), user_key()}, {}), 4},
             Row{"two keys, the first is taken: asked about, and its signature not sure",
                 with_keys(scene_of({}), {user_key(), stranger_key()}, {}), 5},
             Row{"another first choice of the server's: the guess was wrong",
                 with_other_first_kex(scene_of({})), 4},
             Row{"delayed compression: nothing may follow the request", scene_of(zlib), 4},
             Row{"ours is delayed as well", scene_of(zstd), 4},
         }) {
        CAPTURE(row.name);
        World world{std::move(row.scene)};
        CHECK(client_flights_until_data(world) == row.flights);
    }
}

TEST_CASE("a client's first flight is its version, KEXINIT and key") {
    SeededRandom random{1};
    Engine engine{client_config(), random, start_time};
    ScriptedPeer peer{engine, Role::server};
    CHECK(peer.listen_for_numbers() == Numbers{20, 30});
    peer.say_version();
    peer.say_kexinit();
    CHECK_FALSE(engine.poll(start_time));
    CHECK(peer.listen_for_numbers().empty());
}

TEST_CASE("a client's second flight goes from NEWKEYS to the channels") {
    struct Row {
        std::string_view compression;
        Numbers with_request, after_success;
    };
    for (const Row& row : {Row{no_compression, {21, 7, 5, 50, 90, 90}, {}},
                           Row{delayed_zlib, {21, 7, 5, 50}, {90, 90}},
                           Row{delayed_zstd, {21, 7, 5, 50}, {90, 90}}}) {
        CAPTURE(row.compression);
        const Choice choice{.compression = row.compression};
        ClientWalk walk{choice, StrictKex::yes, client_config(choice)};
        const auto open_two = [&walk] {
            if (!walk.engine.may_open_channels()) return;
            for (int i = 0; i < 2; ++i) {
                walk.engine.open(walk_target, walk.user, start_time);
            }
        };
        walk.go_to(ClientWalk::Stage::deciding);
        // They came with the host key.
        walk.peer.say_new_keys();
        walk.peer.say(encode_ext_info({.server_sig_algs = {}, .ping = false, .reset = true}));
        walk.engine.accept_host_key(start_time);
        const auto& wanted = std::get<SignatureWanted>(walk.poll().at(0));
        walk.engine.provide_signature(user_key()->sign(wanted.data), start_time);
        walk.poll();
        open_two();
        CHECK(walk.peer.listen_for_numbers() == row.with_request);

        if (row.after_success.empty()) continue;
        walk.peer.say(msg::ServiceAccept{ssh_userauth});
        walk.peer.say(msg::UserauthSuccess{});
        CHECK(walk.poll().size() == 1);
        open_two();
        // The peer here can't decompress: what counts is that it comes now.
        CHECK_FALSE(walk.engine.unsent().empty());
    }
}

TEST_CASE("EXT_INFO is sent to those that ask for it, directly after NEWKEYS (RFC 8308 2.4)") {
    const Choice aes{.cipher = aes256_gcm};
    if (std::ranges::count(default_ciphers(), aes.cipher) == 0) return;
    for (const StrictKex asks : {StrictKex::yes, StrictKex::no}) {
        ServerWalk walk{aes, asks};
        walk.go_to(ServerWalk::Stage::before_init);
        walk.peer.say_ecdh();
        walk.poll();
        const Numbers expected = asks == StrictKex::yes ? Numbers{31, 21, 7} : Numbers{31, 21};
        CHECK(walk.peer.listen_for_numbers() == expected);
    }
}

TEST_CASE("a server answers what came in one flight in one flight") {
    ServerWalk walk{{}, StrictKex::yes};
    walk.go_to(ServerWalk::Stage::before_new_keys);
    walk.peer.say_new_keys();
    walk.peer.say(msg::ServiceRequest{ssh_userauth});
    walk.peer.say(walk.peer.signed_request(*user_key()));
    ByteVector open = encoded(msg::ChannelOpen{"direct-tcpip", ChannelId{0}, 1000, 1000});
    encode_fields(msg::TcpipChannel{"target", 110, "127.0.0.1", 40000}, open);
    walk.peer.say(open);

    REQUIRE(walk.poll().size() == 1);
    CHECK(std::holds_alternative<PublicKeyRequest>(walk.events[0]));
    walk.engine.accept_key(start_time);
    REQUIRE(walk.poll().size() == 2);
    CHECK(std::holds_alternative<Authenticated>(walk.events[0]));
    walk.engine.accept(ChannelId{0}, walk.user);
    CHECK(walk.peer.listen_for_numbers() == Numbers{6, 52, 91});
}
