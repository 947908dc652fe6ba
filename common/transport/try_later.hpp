#pragma once

#include <string_view>

namespace culvert {

/// Whether these are the words of a server that has no place for a connection now and may have one
/// later: culvertd's "try again later", sshd's "Exceeded MaxStartups" and, where it holds earlier
/// failures against the address, "Not allowed at this time". No RFC has a form for it but
/// DisconnectReason::too_many_connections, which comes after the version exchange.
bool says_try_later(std::string_view text) noexcept;

}  // namespace culvert
