#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace culvert {

/// The program's side of Type=notify (sd_notify(3)), spoken without systemd's library: one datagram
/// a message, to the socket that NOTIFY_SOCKET names. Without that variable, and when nobody
/// listens there, nothing happens. Needs systemd 252, which is why it is not Type=notify-reload's.
class ServiceManager {
public:
    /// Takes NOTIFY_SOCKET out of the environment: it is meant for this process alone. Before the
    /// first thread is started.
    static ServiceManager of_process();
    /// `socket` is a path, or `@name` for an abstract one; empty for nobody.
    explicit ServiceManager(std::string socket) : socket_{std::move(socket)} {}

    /// It may take so long until it works; the unit's own limit allows for less, perhaps.
    void starting(std::chrono::milliseconds longest) const noexcept;
    /// What `systemctl status` shows. One line of UTF-8, below 4 KiB with what surrounds it.
    void status(std::string_view text) const noexcept;
    /// It works from here on; also the end of reloading.
    void ready(std::string_view status) const noexcept;
    void reloading() const noexcept;
    /// It ends, and may take so long with it; the unit's own limit allows for less, perhaps.
    void stopping(std::chrono::milliseconds drain) const noexcept;

private:
    void send(std::string_view message) const noexcept;

    std::string socket_;
};

}  // namespace culvert
