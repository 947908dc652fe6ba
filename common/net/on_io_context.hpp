#pragma once

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "common/base/time.hpp"

namespace culvert {

/// Asio's types for what runs on an io_context, and on nothing else: its own any_io_executor is
/// larger than most of what it would stand in, and each step of a coroutine copies some.
using IoExecutor = asio::io_context::executor_type;
/// Any connection that is a stream: TCP, or a Unix socket.
using StreamSocket = asio::basic_stream_socket<asio::generic::stream_protocol, IoExecutor>;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, IoExecutor>;
using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, IoExecutor>;

/// What Asio asks before it sleeps (asio::wait_traits).
struct TimerWait {
    static Duration to_wait_duration(Duration left) { return Clock::sleep_time(left); }
};
using Timer = asio::basic_waitable_timer<Clock, TimerWait, IoExecutor>;

}  // namespace culvert
