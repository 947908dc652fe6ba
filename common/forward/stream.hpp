#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/time.hpp"
#include "common/relay/relay.hpp"

namespace culvert {

class Streams;

/// Names a stream. Unique in the process, and not used again.
enum class StreamId : std::uint64_t {};

/// Bytes of a stream: from its originator to its target, and back.
struct StreamBytes {
    std::uint64_t there = 0;
    std::uint64_t back = 0;

    StreamBytes& operator+=(const StreamBytes& other) noexcept {
        there += other.there;
        back += other.back;
        return *this;
    }
    friend bool operator==(const StreamBytes&, const StreamBytes&) = default;
};

/// One stream of a forward, from the request for its channel to its last byte. It is counted among
/// its connection's streams and listed in its thread's registry for as long. It lives in the frame
/// of the coroutine that carries it, on the connection's thread.
class Stream {
public:
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    StreamId id() const noexcept { return id_; }
    /// The SSH connection that carries it, as log lines name it.
    const std::string& connection() const noexcept;
    TimePoint began() const noexcept { return began_; }
    virtual StreamBytes bytes() const noexcept = 0;
    /// Where it comes from and where it leads, escaped, for people.
    virtual std::string originator() const = 0;
    virtual std::string target() const = 0;

    /// Told to end: both of its sides are reset. A channel that isn't answered yet is refused once
    /// its target was reached.
    void end() noexcept;
    bool told_to_end() const noexcept { return told_to_end_; }

protected:
    /// Adopts one of those that the connection has been told to expect (Streams::expect).
    explicit Stream(Streams& streams) noexcept;
    ~Stream();

    Relay& carry_with(StreamSocket socket, Session& session);
    const std::optional<Relay>& relay() const noexcept { return relay_; }

private:
    friend class StreamRegistry;

    Streams& streams_;
    StreamId id_;
    TimePoint began_ = Clock::now();
    Stream* previous_ = nullptr;  ///< in the registry
    Stream* next_ = nullptr;
    bool told_to_end_ = false;
    std::optional<Relay> relay_;
};

}  // namespace culvert
