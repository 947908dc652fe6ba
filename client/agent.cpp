#include "client/agent.hpp"

#include <fmt/format.h>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include "common/auth/agent_protocol.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/net/timeout.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

constexpr Duration answer_time = std::chrono::seconds{5};

Error failed(const std::string& socket, std::string_view why) {
    return Error{ErrorKind::network, fmt::format("the agent at {}: {}", escaped(socket, 256), why)};
}

}  // namespace

awaitable<ByteVector> Agent::ask(ByteVector request) const {
    using Local = asio::local::stream_protocol;
    try {
        const Local::endpoint endpoint{socket_};
        Local::socket socket{co_await asio::this_coro::executor};
        co_await socket.async_connect(endpoint, use_awaitable);
        co_await asio::async_write(socket, asio::buffer(request), use_awaitable);
        ByteVector answer(4);
        co_await asio::async_read(socket, asio::buffer(answer), use_awaitable);
        answer.resize(agent::message_size(answer));
        co_await asio::async_read(socket, asio::buffer(answer), use_awaitable);
        co_return answer;
    } catch (const std::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        throw failed(socket_, error.code() == asio::error::eof ? "closed the connection"
                                                               : error.code().message());
    } catch (const ProtocolError& error) {
        throw failed(socket_, error.what());
    }
}

awaitable<std::vector<PublicKey>> Agent::keys() const {
    ByteVector request = agent::list_request();
    const auto answer = co_await with_timeout(ask(std::move(request)), answer_time);
    if (!answer) throw failed(socket_, "no answer");
    try {
        co_return agent::parse_keys(*answer);
    } catch (const ProtocolError& error) {
        throw failed(socket_, error.what());
    }
}

awaitable<std::optional<ByteVector>> Agent::sign(PublicKey key, ByteVector data,
                                                 std::string algorithm) const {
    ByteVector request = agent::sign_request(key, data, algorithm);
    const ByteVector answer = co_await ask(std::move(request));
    try {
        co_return agent::parse_signature(answer, algorithm);
    } catch (const ProtocolError& error) {
        throw failed(socket_, error.what());
    }
}

}  // namespace culvert
