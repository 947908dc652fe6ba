#include "client/agent.hpp"

#include <fmt/format.h>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include "common/auth/agent_protocol.hpp"
#include "common/base/error.hpp"
#include "common/base/shell_quote.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/net/both.hpp"
#include "common/net/timeout.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

// An agent that needs no confirmation answers in milliseconds, with a security key in a second.
constexpr Duration soon = std::chrono::seconds{2};

Error failed(const std::string& socket, std::string_view why) {
    return Error{ErrorKind::network, fmt::format("the agent at {}: {}", shell_quoted(socket), why)};
}

}  // namespace

awaitable<ByteVector> Agent::ask(ByteVector request, std::string what, Waiting on_waiting) const {
    Question question{std::move(request), std::move(what), std::move(on_waiting)};
    co_await both(converse(question), say_what_is_waited_for(question));
    co_return std::move(question.answer);
}

awaitable<void> Agent::say_what_is_waited_for(Question& question) const {
    const bool answered = co_await with_timeout(question.is_over.wait(), soon);
    if (answered) co_return;
    question.on_waiting(fmt::format("the agent at {} to {}", shell_quoted(socket_), question.what));
    co_await question.is_over.wait();
}

awaitable<void> Agent::converse(Question& question) const {
    using Local = asio::local::stream_protocol;
    try {
        const Local::endpoint endpoint{socket_};
        Local::socket socket{co_await asio::this_coro::executor};
        co_await socket.async_connect(endpoint, use_awaitable);
        co_await asio::async_write(socket, asio::buffer(question.request), use_awaitable);
        ByteVector answer(4);
        co_await asio::async_read(socket, asio::buffer(answer), use_awaitable);
        answer.resize(agent::message_size(answer));
        co_await asio::async_read(socket, asio::buffer(answer), use_awaitable);
        question.answer = std::move(answer);
        question.is_over.set();
    } catch (const std::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        throw failed(socket_, error.code() == asio::error::eof ? "closed the connection"
                                                               : error.code().message());
    } catch (const ProtocolError& error) {
        throw failed(socket_, error.what());
    }
}

awaitable<std::vector<PublicKey>> Agent::keys(Waiting on_waiting) const {
    const ByteVector answer =
        co_await ask(agent::list_request(), "list its keys", std::move(on_waiting));
    try {
        co_return agent::parse_keys(answer);
    } catch (const ProtocolError& error) {
        throw failed(socket_, error.what());
    }
}

awaitable<std::optional<ByteVector>> Agent::sign(PublicKey key, ByteVector data,
                                                 std::string algorithm, Waiting on_waiting) const {
    std::string what = fmt::format("sign with {} {}", key.algorithm(), fingerprint(key));
    const ByteVector answer = co_await ask(agent::sign_request(key, data, algorithm),
                                           std::move(what), std::move(on_waiting));
    try {
        co_return agent::parse_signature(answer, algorithm);
    } catch (const ProtocolError& error) {
        throw failed(socket_, error.what());
    }
}

}  // namespace culvert
