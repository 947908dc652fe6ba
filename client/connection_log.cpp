#include "client/connection_log.hpp"

#include <utility>

#include <fmt/format.h>

#include "client/banner.hpp"
#include "common/base/escape.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/log/log.hpp"

namespace culvert {
namespace {

std::string which_of(std::size_t index, std::size_t connections) {
    return connections > 1 ? fmt::format("connection {} of {}", index + 1, connections) : "";
}

double in_seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

/// OpenSSH says no more than "open failed".
std::string_view where_to_look(const OpenFailure& failure) {
    if (failure.reason != OpenFailureReason::administratively_prohibited) return "";
    return "check the server's rules: permitopen and port-forwarding of the key, sshd's "
           "AllowTcpForwarding and PermitOpen, culvertd's permit_open";
}

}  // namespace

ConnectionLog::ConnectionLog(const TunnelSettings& settings, std::size_t index,
                             RepeatLimit& not_carried)
    : settings_{settings},
      tunnel_{settings},
      index_{index},
      server_{to_string(settings.server)},
      which_{which_of(index, settings.connections)},
      name_{server_ + (which_.empty() ? "" : ": " + which_)},
      suffix_{which_.empty() ? "" : ", " + which_},
      not_carried_{not_carried} {}

void ConnectionLog::name_connection(std::vector<LogField>& fields) const {
    if (!which_.empty()) fields.push_back({"connection", std::uint64_t{index_ + 1}});
}

void ConnectionLog::on_up(const Authenticated& authenticated, const std::string& host_key,
                          const Transport& transport) const {
    const std::string key = fingerprint(authenticated.key);
    std::vector fields{LogField{"server", server_}, LogField{"user", settings_.user},
                       LogField{"key", key}, LogField{"host_key", host_key},
                       LogField{"kex", transport.negotiated().kex}};
    name_connection(fields);
    tunnel_.event({LogLevel::info, LogKind::connections}, "connected", std::move(fields),
                  fmt::format("connected to {} ({}){}", server_, host_key, suffix_));
    tunnel_.verbose("{}: logged in as {} with {} {}; {}", name_, escaped(settings_.user),
                    authenticated.key.algorithm(), key, describe(transport));
}

void ConnectionLog::on_down(const Error& why, Duration next_try) {
    const double wait = in_seconds(next_try);
    const bool at_once = next_try < std::chrono::milliseconds{50};
    std::vector fields{LogField{"server", server_}, LogField{"next_try", wait}};
    name_connection(fields);
    // The same advice once is enough.
    const bool is_news = why.hint() != last_hint_;
    last_hint_ = why.hint();
    tunnel_.event({LogLevel::error, LogKind::connections}, "down", std::move(fields),
                  fmt::format("{}; next try {}", why.what(),
                              at_once ? "at once" : fmt::format("in {:.1f} s", wait)),
                  is_news ? last_hint_ : "");
}

void ConnectionLog::on_banner(const BannerReceived& banner) const {
    // Once is enough.
    const LogLevel level = index_ == 0 ? LogLevel::info : LogLevel::verbose;
    for (const std::string& line : banner_lines(banner.text)) {
        tunnel_.at(level, "{} says:{}{}", server_, line.empty() ? "" : " ", line);
    }
}

void ConnectionLog::on_opening(const Stream& stream) const {
    constexpr LogClass line{LogLevel::debug, LogKind::forwards};
    if (!logs(line)) return;
    tunnel_.at(line, "{} -> {}: opening{}", stream.originator(), stream.target(), suffix_);
}

void ConnectionLog::on_not_opened(const Stream& stream, const OpenFailure& failure) const {
    const std::string why = describe(failure);
    if (!not_carried_.admits(LogLevel::info, why)) return;
    tunnel_.event(
        {LogLevel::info, LogKind::forwards}, {}, {},
        fmt::format("{} -> {}: not opened: {}", stream.originator(), stream.target(), why),
        where_to_look(failure));
}

void ConnectionLog::on_over(const Stream& stream, RelayEnd end) const {
    constexpr LogClass line{LogLevel::verbose, LogKind::forwards};
    if (!logs(line)) return;
    const double seconds = in_seconds(Clock::now() - stream.began());
    const std::string from = stream.originator();
    const std::string target = stream.target();
    const auto [there, back] = stream.bytes();
    std::vector fields{LogField{"originator", from},   LogField{"target", target},
                       LogField{"bytes_there", there}, LogField{"bytes_back", back},
                       LogField{"seconds", seconds},   LogField{"end", name_of(end)}};
    name_connection(fields);
    tunnel_.event(line, "forward", std::move(fields),
                  fmt::format("{} -> {}: {} after {:.1f} s, {} bytes there, {} back{}", from,
                              target, name_of(end), seconds, there, back, suffix_));
}

}  // namespace culvert
