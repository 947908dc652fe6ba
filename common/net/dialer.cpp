#include "common/net/dialer.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "common/base/host_name.hpp"
#include "common/net/connecting.hpp"
#include "common/net/event.hpp"
#include "common/net/task_group.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

using asio::ip::tcp;
using Kind = DialFailure::Kind;

struct Attempt {
    explicit Attempt(tcp::endpoint to) : endpoint{std::move(to)} {}

    tcp::endpoint endpoint;
    std::optional<Connecting> connecting;  ///< none: it has not begun
    std::optional<DialFailure> failure;
};

/// The attempts of one connect_to(), which owns the list.
class Race {
public:
    Race(const IoExecutor& executor, const DialOptions& options, std::vector<Attempt>& list)
        : options_{options}, list_{list}, attempts_{executor, [this](std::exception_ptr thrown) {
                                                        thrown_ = std::move(thrown);
                                                        changed_.set();
                                                    }} {}

    /// The first attempt alone: on this machine's own addresses its outcome is there at once.
    void begin() { begin(list_.front()); }
    /// Until one is connected or all have failed.
    awaitable<void> run();
    /// Ends those that lost.
    awaitable<void> end() { return attempts_.join(); }

    bool is_over() const {
        const auto failed = [](const Attempt& attempt) { return attempt.failure.has_value(); };
        return winner_ || thrown_ || std::ranges::all_of(list_, failed);
    }
    std::optional<StreamSocket> take_winner() { return std::exchange(winner_, std::nullopt); }

private:
    void begin(Attempt& attempt);
    awaitable<void> finish(Attempt& attempt);
    void on_outcome(Attempt& attempt);

    const DialOptions& options_;
    std::vector<Attempt>& list_;
    std::optional<StreamSocket> winner_;
    std::exception_ptr thrown_;
    Event changed_;
    TaskGroup attempts_;
};

awaitable<void> Race::run() {
    if (list_.size() == 1) {
        co_await finish(list_.front());
        co_return;
    }
    for (Attempt& next : list_) {
        if (!next.connecting) begin(next);
        if (is_over()) break;
        if (next.failure) continue;
        changed_.reset();
        attempts_.spawn(finish(next));
        // A failure brings the next attempt forward (RFC 8305 5).
        co_await with_timeout(changed_.wait(), options_.stagger);
        if (is_over()) break;
    }
    while (!is_over()) {
        changed_.reset();
        co_await changed_.wait();
    }
    if (thrown_) std::rethrow_exception(thrown_);
}

void Race::begin(Attempt& attempt) {
    attempt.connecting.emplace(attempt.endpoint, options_.bind);
    if (!attempt.connecting->pending()) on_outcome(attempt);
}

awaitable<void> Race::finish(Attempt& attempt) {
    try {
        co_await attempt.connecting->wait();
        on_outcome(attempt);
    } catch (const std::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        attempt.failure = dial_failure(error.code());
    }
    changed_.set();
}

void Race::on_outcome(Attempt& attempt) {
    attempt.failure = attempt.connecting->failure();
    if (!attempt.failure && !winner_) {
        try {
            winner_.emplace(attempt.connecting->take(attempts_.executor()));
        } catch (const std::system_error& error) {
            attempt.failure = dial_failure(error.code());
        }
    }
}

/// What says most about the target comes last.
int telling(Kind kind) {
    constexpr Kind order[] = {Kind::other, Kind::unreachable, Kind::timed_out, Kind::refused,
                              Kind::no_descriptors};
    return static_cast<int>(std::ranges::find(order, kind) - std::begin(order));
}

/// `connection refused (127.0.0.1, 127.0.0.2), host unreachable (::1)`
std::string details_of(const std::vector<std::pair<std::string, std::string>>& texts_addresses) {
    std::string details;
    std::vector<std::string> said;
    for (const auto& [text, unused] : texts_addresses) {
        if (std::ranges::find(said, text) != said.end()) continue;
        said.push_back(text);
        std::string addresses;
        for (const auto& [other, address] : texts_addresses) {
            if (other == text) addresses += (addresses.empty() ? "" : ", ") + address;
        }
        details += (details.empty() ? "" : ", ") + text + " (" + addresses + ")";
    }
    return details;
}

DialFailure failure_of(const std::vector<Attempt>& list, const Deadline& deadline) {
    std::optional<DialFailure> most_telling;
    std::vector<std::pair<std::string, std::string>> texts_addresses;
    for (const Attempt& attempt : list) {
        if (!attempt.connecting) continue;
        const DialFailure failure = attempt.failure.value_or(timed_out(deadline));
        texts_addresses.emplace_back(failure.text, attempt.endpoint.address().to_string());
        if (!most_telling || telling(failure.kind) > telling(most_telling->kind)) {
            most_telling = failure;
        }
    }
    if (!most_telling) return timed_out(deadline);
    most_telling->details = details_of(texts_addresses);
    return *most_telling;
}

}  // namespace

std::vector<tcp::endpoint> interleaved(const std::vector<tcp::endpoint>& endpoints) {
    std::vector<tcp::endpoint> result;
    if (endpoints.empty()) return result;
    const auto first_family = endpoints.front().protocol();
    std::vector<tcp::endpoint> first;
    std::vector<tcp::endpoint> second;
    for (const auto& endpoint : endpoints) {
        (endpoint.protocol() == first_family ? first : second).push_back(endpoint);
    }
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) result.push_back(first[i]);
        if (i < second.size()) result.push_back(second[i]);
    }
    return result;
}

awaitable<Dialed> connect_to(std::vector<tcp::endpoint> endpoints, DialOptions options,
                             Deadline deadline) {
    std::vector<Attempt> list;
    for (const auto& endpoint : interleaved(endpoints)) {
        const bool reachable = !options.bind || options.bind->protocol() == endpoint.protocol();
        if (reachable && list.size() < most_attempts) list.emplace_back(endpoint);
    }
    if (list.empty()) co_return dial_failure(std::make_error_code(std::errc::network_unreachable));

    const auto executor = co_await asio::this_coro::executor;
    Race race{executor, options, list};
    race.begin();
    std::exception_ptr thrown;
    try {
        if (!race.is_over()) co_await with_timeout(race.run(), deadline.left());
    } catch (...) {
        thrown = std::current_exception();
    }
    // The losers are ended also when this coroutine was cancelled; its next co_await will find
    // that.
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await race.end();
    co_await asio::this_coro::throw_if_cancelled(true);
    if (thrown) std::rethrow_exception(thrown);

    auto winner = race.take_winner();
    if (winner) co_return std::move(*winner);
    co_return failure_of(list, deadline);
}

awaitable<Dialed> dial(Resolver& resolver, Endpoint target, DialOptions options,
                       Deadline deadline) {
    if (const auto why = zone_unknown(target.host)) {
        co_return DialFailure{Kind::unreachable, *why, *why};
    }
    auto resolved =
        co_await resolver.resolve(std::move(target.host), target.port, options.family, deadline);
    if (auto* failure = std::get_if<DialFailure>(&resolved)) co_return std::move(*failure);
    auto& endpoints = std::get<std::vector<tcp::endpoint>>(resolved);
    co_return co_await connect_to(std::move(endpoints), std::move(options), deadline);
}

}  // namespace culvert
