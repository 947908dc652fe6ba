#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace load {

using Clock = std::chrono::steady_clock;

/// Seconds as a number, for the reports.
double seconds(Clock::duration time);

/// What a stream is for; the first byte of its request.
enum class Purpose : char {
    sink = 'u',    ///< the server counts until EOF, then sends the count
    source = 'd',  ///< the server sends as many bytes as were asked for, then EOF
    echo = 'e',
};

/// The first bytes of every stream, from its client: the purpose, and a count in big endian.
struct Request {
    static constexpr std::size_t size = 9;

    Purpose purpose;
    std::uint64_t count = 0;
};

/// A connected TCP socket that blocks. Every failure is a std::system_error, an early EOF too.
class Stream {
public:
    explicit Stream(int descriptor);  ///< takes it over
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&&) = delete;
    ~Stream();

    /// To 127.0.0.1:port, where a tunnel or the server itself listens; without Nagle's delay.
    static Stream connect(std::uint16_t port);
    /// A socket that listens on a free port of 127.0.0.1, and the port.
    static std::pair<int, std::uint16_t> listen();

    /// Sends the request and `more` in one call.
    void ask(Request request, std::span<const std::byte> more = {});
    Request receive_request();

    void send(std::span<const std::byte> data);
    std::size_t send_some(std::span<const std::byte> data);
    /// Without waiting; 0 if nothing fits.
    std::size_t send_what_fits(std::span<const std::byte> data);
    void receive(std::span<std::byte> data);
    void send_count(std::uint64_t count);
    std::uint64_t receive_count();
    void send_eof();

    std::size_t receive_some(std::span<std::byte> data);  ///< 0 at EOF
    /// Waits for data and drops up to `most` bytes of it uncopied; 0 at EOF.
    std::size_t discard(std::size_t most);

    /// Wakes whoever is sending or receiving, who then fails.
    void interrupt();

    int descriptor() const { return descriptor_; }
    int release();

private:
    int descriptor_;
};

}  // namespace load
