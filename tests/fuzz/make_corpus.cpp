// Writes the corpora that are recorded from sessions, or made of our own messages.
#include <filesystem>
#include <fstream>

#include "common/auth/known_hosts.hpp"
#include "tests/fuzz/engine_checks.hpp"
#include "tests/unit/common/engine/scripted_peer.hpp"
#include "tests/unit/common/engine/world.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

std::filesystem::path corpora;

void write(std::string_view target, std::string_view name, Bytes content) {
    const auto folder = corpora / target;
    std::filesystem::create_directories(folder);
    std::ofstream file{folder / name, std::ios::binary};
    file.write(text_of(content).data(), static_cast<std::streamsize>(content.size()));
    if (!file.flush()) throw std::runtime_error{"can't write " + (folder / name).string()};
}

ByteVector joined(std::initializer_list<Bytes> parts) {
    ByteVector all;
    for (const Bytes part : parts) append(all, part);
    return all;
}

ByteVector bytes(std::initializer_list<unsigned> values) {
    ByteVector made;
    for (const unsigned value : values) made.push_back(static_cast<std::byte>(value));
    return made;
}

// ---------------------------------------------------------------------- recorded sessions

/// A session in which the engine that is to be fuzzed is as its target makes it, and the other as
/// `choice` says, with one key exchange.
void record(Role fuzzed, const Choice& choice, const std::string& kex, std::string_view name) {
    Scene scene{.client = client_config(choice),
                .server = server_config(choice),
                .streams = {{.size = {30, 20}}},
                .random_seed = fuzz::client_seed};
    static_assert(fuzz::server_seed == fuzz::client_seed + 1, "as a world counts");
    EngineConfig& config = fuzzed == Role::client ? scene.client : scene.server;
    config = fuzzed == Role::client ? client_config() : server_config();
    config.transport.algorithms.ciphers = default_ciphers();
    config.transport.algorithms.kex = kex_methods();
    EngineConfig& other = fuzzed == Role::client ? scene.server : scene.client;
    other.transport.algorithms.kex = {kex};
    World world{std::move(scene)};
    world.settle();

    const ByteVector& said = world.pipe_from(World::other(fuzzed)).all();
    const std::string_view target =
        fuzzed == Role::client ? "client_before_auth" : "server_before_auth";
    write(target, std::string{name}, joined({bytes({0}), said}));
    write(target, std::string{name} + "-by-7", joined({bytes({7}), said}));
}

void write_sessions() {
    for (const Role fuzzed : {Role::client, Role::server}) {
        record(fuzzed, {.cipher = chacha20_poly1305}, "mlkem768x25519-sha256", "chacha20");
        record(fuzzed, {.cipher = aes256_gcm}, "mlkem768x25519-sha256", "aes-gcm");
        record(fuzzed, {.cipher = aes256_gcm}, "sntrup761x25519-sha512", "sntrup761");
        record(fuzzed, {.cipher = aes256_gcm}, "curve25519-sha256", "curve25519");
    }
    write("client_before_auth", "no-ssh", joined({bytes({0}), bytes_of("220 ready\r\n220 x\r\n")}));
}

void write_kexinits() {
    Algorithms ours;
    ours.ciphers = {std::string{aes256_gcm}, std::string{chacha20_poly1305}};
    for (const Role role : {Role::client, Role::server}) {
        const std::string name = role == Role::client ? "client" : "server";
        write("kexinit", name, encoded(make_kexinit(ours, role, Exchange::first)));
        write("kexinit", name + "-rekey", encoded(make_kexinit(ours, role, Exchange::rekey)));
    }
    ours.kex = {"sntrup761x25519-sha512@openssh.com", "ecdh-sha2-nistp256", "curve25519-sha256"};
    ours.host_key = {"ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-512", "ssh-ed25519"};
    ours.ciphers = {"aes128-ctr", "aes256-gcm@openssh.com"};
    ours.compression = {"none", "zlib@openssh.com", "zlib"};
    write("kexinit", "other-peer", encoded(make_kexinit(ours, Role::client, Exchange::first)));
}

void write_packets() {
    PacketWriter writer;
    for (const ByteVector& payload :
         {encoded(msg::Ignore{bytes_of("ignored")}), encoded(msg::NewKeys{}), ByteVector(1000)}) {
        writer.write(payload);
    }
    const Bytes packets = writer.output().unsent();
    write("packet_opener", "plain", joined({bytes({0, 255}), packets}));
    write("packet_opener", "plain-by-3", joined({bytes({0, 2}), packets}));
    for (const unsigned kind : {1U, 2U, 3U}) {
        // Two bodies of 16 and 32 bytes: padding length, payload, padding.
        const ByteVector bodies =
            joined({bytes({0, 16, 4}), ByteVector(15), bytes({0, 32, 10}), ByteVector(31)});
        write("packet_opener", "sealed-" + std::to_string(kind),
              joined({bytes({4 + kind, 255}), bodies}));
        write("packet_opener", "garbled-" + std::to_string(kind),
              joined({bytes({kind, 255}), bodies}));
    }
}

void write_compressed() {
    for (const unsigned method : {0U, 1U}) {
        const auto compressor = make_compressor(method == 0 ? delayed_zlib : delayed_zstd);
        ByteVector stream = bytes({method});
        const auto add = [&](Bytes payload) {
            ByteVector packet(compressor->bound(payload.size()));
            packet.resize(compressor->compress(payload, packet));
            append(stream, bytes({static_cast<unsigned>(packet.size() >> 8),
                                  static_cast<unsigned>(packet.size() & 255)}));
            append(stream, packet);
        };
        const std::string name = method == 0 ? "zlib" : "zstd";
        add(bytes_of("a short one"));
        add(ByteVector(500, std::byte{'a'}));
        add(ByteVector(700, std::byte{'a'}));
        compressor->release();
        add(ByteVector(largest_inflated_payload, std::byte{'b'}));
        write("decompressors", name, stream);
        add(ByteVector(largest_inflated_payload + 1, std::byte{'b'}));
        write("decompressors", name + "-bomb", stream);
    }
}

// ---------------------------------------------------------------------- messages

// The steps of messages_to_engine.hpp.
constexpr unsigned log_in = 8, exchange = 9, start_exchange = 10, open = 11, send = 12,
                   deliver = 13, end_of_file = 14, reset = 15, close = 31;

ByteVector message(Bytes payload) {
    return joined({bytes({0, static_cast<unsigned>(payload.size() >> 8),
                          static_cast<unsigned>(payload.size() & 255)}),
                   payload});
}
template <Message M>
ByteVector message(const M& content) {
    return message(Bytes{encoded(content)});
}

ByteVector step(unsigned kind) { return bytes({kind}); }

ByteVector opening(std::string_view type, std::uint32_t sender) {
    ByteVector payload = encoded(msg::ChannelOpen{type, ChannelId{sender}, 2000, 500});
    encode_fields(msg::TcpipChannel{"localhost", 110, "127.0.0.1", 40000}, payload);
    return message(payload);
}

ByteVector forward_request(const ForwardRequest& what) {
    ByteVector payload = encoded(msg::GlobalRequest{name_of(what), true});
    encode_fields(what, payload);
    return message(payload);
}

void write_messages() {
    constexpr ChannelId first{0};
    const ByteVector data = message(msg::ChannelData{first, bytes_of("some bytes")});
    const ByteVector extended = message(msg::ChannelExtendedData{first, 1, bytes_of("others")});
    const ByteVector adjust = message(msg::ChannelWindowAdjust{first, 1000});
    const ByteVector eof = message(msg::ChannelEof{first});
    const ByteVector closing = message(msg::ChannelClose{first});
    const ByteVector keepalive = message(msg::GlobalRequest{"keepalive@openssh.com", true});
    const ByteVector reset_request =
        message(msg::ChannelRequest{first, "reset@culvert.internal", false});
    const ByteVector confirmation =
        message(msg::ChannelOpenConfirmation{first, ChannelId{5}, 2000, 500});
    const ByteVector failure = message(msg::ChannelOpenFailure{first, 2, "refused", ""});

    const auto server = [](std::string_view name, std::initializer_list<Bytes> parts) {
        write("server_messages", name, joined(parts));
    };
    server("login", {message(msg::Ping{bytes_of("x")}), message(msg::ServiceRequest{ssh_userauth}),
                     message(msg::UserauthRequest{"alice", ssh_connection, "none"}),
                     message(public_key_query("alice", ssh_ed25519, user_key()->public_key()))});
    server("stream", {step(log_in), opening("direct-tcpip", 0), data, step(deliver), extended,
                      adjust, step(send), step(end_of_file), eof, closing});
    server("reset", {step(log_in), opening("direct-tcpip", 0), opening("direct-tcpip", 1), data,
                     reset_request, closing, step(reset)});
    server("rekey", {step(log_in), opening("direct-tcpip", 0), step(start_exchange), data,
                     step(exchange), step(send), keepalive, step(exchange), step(close)});
    const ByteVector listen = forward_request(TcpipForward{{"localhost", 0}});
    server("remote-forwards",
           {step(log_in), listen, keepalive, forward_request(StreamlocalForward{"/run/x"}),
            forward_request(CancelTcpipForward{{"localhost", 0}})});
    server("other-types", {step(log_in), opening("session", 0), opening("forwarded-tcpip", 1),
                           keepalive, message(msg::Ping{bytes_of("ping")})});

    const auto client = [](std::string_view name, std::initializer_list<Bytes> parts) {
        write("client_messages", name, joined(parts));
    };
    client("login", {message(msg::ExtInfo{0}), message(msg::ServiceAccept{ssh_userauth}),
                     message(msg::UserauthBanner{"hello", ""}),
                     message(msg::UserauthFailure{{"publickey"}, false})});
    client("stream", {step(open), step(log_in), confirmation, data, step(deliver), step(send),
                      adjust, step(end_of_file), eof, closing});
    client("refused",
           {step(log_in), step(open), failure, step(open), step(reset), confirmation, closing});
    client("rekey", {step(log_in), step(open), confirmation, step(start_exchange), data,
                     step(exchange), step(send), keepalive, step(close), closing});
    client("opened-by-server", {step(log_in), opening("forwarded-tcpip", 0), keepalive});
}

// ---------------------------------------------------------------------- files

void write_files() {
    SeededRandom random{1};
    write("private_key", "ed25519", format_private_key(*user_key(), random).reveal());
    const std::string key = user_key()->public_key().to_text();
    write("authorized_keys", "plain", bytes_of("# keys\n\n" + key + " alice@laptop\n"));
    write("authorized_keys", "options",
          bytes_of("restrict,port-forwarding,permitopen=\"host:110\",permitlisten=\"*:8080\","
                   "from=\"192.0.2.0/24,!10.*\",expiry-time=\"20300101\",command=\"a \\\"b\\\"\" " +
                   key + "\n"));
    write("authorized_keys", "refused", bytes_of("cert-authority,no-such-option " + key + "\n"));

    const PublicKey& host = host_key()->public_key();
    const std::array<std::byte, 20> salt{};
    write(
        "known_hosts", "names",
        bytes_of("# hosts\n" + format_known_host("gw.example.com", host) +
                 format_known_host("[gw.example.com]:2222", host) + "@revoked *.example.org,!a? " +
                 host.to_text() + "\n@cert-authority * " + host.to_text() + " comment\n"));
    write("known_hosts", "hashed",
          bytes_of(format_hashed_known_host("gw.example.com", host, salt)));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_corpus FOLDER\n");
        return 2;
    }
    corpora = argv[1];
    write_sessions();
    write_kexinits();
    write_packets();
    write_compressed();
    write_messages();
    write_files();
    return 0;
}
