#pragma once

#include "common/forward/forward.hpp"
#include "common/forward/streams.hpp"
#include "common/net/accepted.hpp"

namespace culvert {

/// Carries what connected to a forward through a channel of the session. `streams` has been told to
/// expect it (Streams::expect). The session and the forward must outlive the stream. Throws
/// std::bad_alloc where there is no memory for it: the connection is reset, and expected no more.
void carry_inbound(Streams& streams, Session& session, Accepted accepted, const Forward& forward);

}  // namespace culvert
