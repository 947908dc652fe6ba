#pragma once

#include <utility>
#include <vector>

#include "common/connection/packet_sink.hpp"

namespace culvert::test {

/// Keeps what was sent, for the test to read.
class RecordingSink final : public PacketSink {
public:
    using PacketSink::send;
    void send(Bytes payload) override { sent_.emplace_back(payload.begin(), payload.end()); }

    /// What was sent since the last call.
    std::vector<ByteVector> take() { return std::exchange(sent_, {}); }

private:
    std::vector<ByteVector> sent_;
};

}  // namespace culvert::test
