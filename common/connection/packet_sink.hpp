#pragma once

#include "common/wire/message.hpp"

namespace culvert {

/// Where a layer's packets go: the transport, or a test's notebook.
class PacketSink {
public:
    virtual ~PacketSink() = default;
    virtual void send(Bytes payload) = 0;

    template <Message M>
    void send(const M& message) {
        message_.clear();
        encode(message, message_);
        send(Bytes{message_});
    }

private:
    ByteVector message_;  ///< its memory is used again: no message costs an allocation
};

}  // namespace culvert
