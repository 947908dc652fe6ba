#pragma once

#include <string>
#include <vector>

#include "client/tunnel_log.hpp"
#include "common/base/error.hpp"
#include "common/forward/streams.hpp"
#include "common/log/repeat_limit.hpp"

namespace culvert {

/// The log lines about one of a tunnel's SSH connections, and about the streams that it carries.
class ConnectionLog {
public:
    /// Both must outlive it.
    ConnectionLog(const TunnelSettings& settings, std::size_t index, RepeatLimit& not_carried);

    const TunnelLog& tunnel() const noexcept { return tunnel_; }
    /// `gw:22`, `gw:22: connection 2 of 4` where there are several.
    const std::string& name() const noexcept { return name_; }

    void on_up(const Authenticated& authenticated, const std::string& host_key,
               const Transport& transport) const;
    void on_down(const Error& why, Duration next_try);
    void on_banner(const BannerReceived& banner) const;
    void on_opening(const Stream& stream) const;
    void on_not_opened(const Stream& stream, const OpenFailure& failure) const;
    /// The one line about a stream that is over.
    void on_over(const Stream& stream, RelayEnd end) const;

private:
    void name_connection(std::vector<LogField>& fields) const;

    const TunnelSettings& settings_;
    TunnelLog tunnel_;
    std::size_t index_;
    std::string server_;
    std::string which_;  ///< "connection 2 of 4"; empty where there is one
    std::string name_;
    std::string suffix_;     ///< which_, as it stands behind a line
    std::string last_hint_;  ///< of the last failure
    RepeatLimit& not_carried_;
};

}  // namespace culvert
