#include "common/connection/connection.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

constexpr std::string_view reset_request = "reset@culvert.internal";

constexpr std::string_view only_forwarding =
    "this server carries TCP forwardings only and runs no commands: use ssh -N";
constexpr std::string_view nothing_for_servers = "a client opens nothing for a server";

}  // namespace

Connection::Connection(const ConnectionConfig& config, PacketSink& out)
    : config_{config},
      windows_of_next_{config.receive_window},
      out_{out},
      channels_{config.channel_limit},
      inbox_{config.reader_wait},
      global_requests_{out} {
    if (!config_.window_budget) {
        config_.window_budget =
            std::make_shared<WindowBudget>(limits::window_memory::of_one_connection);
    }
}

bool Connection::handles(std::uint8_t number) noexcept {
    return (number >= msg::GlobalRequest::number && number <= msg::RequestFailure::number) ||
           (number >= msg::ChannelOpen::number && number <= msg::ChannelFailure::number);
}

Connection::Event Connection::on_packet(Bytes payload, TimePoint now) {
    switch (message_number(payload)) {
        case msg::ChannelData::number:
            on_data(payload, now);
            return std::nullopt;
        case msg::ChannelWindowAdjust::number:
            on_window_adjust(payload);
            return std::nullopt;
        case msg::ChannelOpen::number:
            return on_open(payload);
        case msg::ChannelOpenConfirmation::number:
            on_open_confirmation(payload);
            return std::nullopt;
        case msg::ChannelOpenFailure::number:
            on_open_failure(payload);
            return std::nullopt;
        case msg::ChannelExtendedData::number:
            on_extended_data(payload, now);
            return std::nullopt;
        case msg::ChannelEof::number:
            on_eof(payload, now);
            return std::nullopt;
        case msg::ChannelClose::number:
            on_close(payload, now);
            return std::nullopt;
        case msg::ChannelRequest::number:
            on_channel_request(payload);
            return std::nullopt;
        case msg::GlobalRequest::number:
            return on_global_request(payload);
        case msg::RequestSuccess::number:
        case msg::RequestFailure::number:
            return on_global_reply(payload, now);
        case msg::ChannelSuccess::number:
            on_channel_reply(decode<msg::ChannelSuccess>(payload).recipient);
            return std::nullopt;
        default:
            on_channel_reply(decode<msg::ChannelFailure>(payload).recipient);
            return std::nullopt;
    }
}

Connection::Event Connection::on_global_request(Bytes payload) {
    if (auto requested = global_requests_.on_request(payload)) return *std::move(requested);
    return std::nullopt;
}

Connection::Event Connection::on_global_reply(Bytes payload, TimePoint now) {
    if (!global_requests_.awaits_reply()) {
        irregularities_.note(Irregularity::unasked_global_reply);
        return std::nullopt;
    }
    if (const auto answered = global_requests_.on_reply(payload, now)) return *answered;
    return std::nullopt;
}

/// The channel that a message names, or null with a note of what is late.
Channel* Connection::established(ChannelId id, Irregularity if_late) {
    Channel* const channel = channels_.established(id);
    if (channel == nullptr) irregularities_.note(if_late);
    return channel;
}

// ---------------------------------------------------------------------- opening

Connection::Event Connection::on_open(Bytes payload) {
    Reader in{payload};
    const auto open = decode_head<msg::ChannelOpen>(in);
    const auto place = place_of_name(open.type);
    if (!place || !config_.accepts[*place]) return refuse_type(open);
    return on_accepted_type(open, decode_channel_type(*place, in));
}

Connection::Event Connection::refuse_type(const msg::ChannelOpen& open) {
    const bool forwards_tcp = config_.accepts[place_of<DirectTcpip>];
    if (open.type == "direct-tcpip" || open.type == "session") {
        refuse_remote(open.sender, OpenFailureReason::administratively_prohibited,
                      forwards_tcp ? only_forwarding : nothing_for_servers);
    } else if (open.type == "forwarded-tcpip") {
        refuse_remote(open.sender, OpenFailureReason::administratively_prohibited,
                      "no such forwarding was asked for");
    } else {
        refuse_remote(open.sender, OpenFailureReason::unknown_channel_type, "unknown channel type");
    }
    return RequestDenied{fmt::format("a channel of type {}", open.type)};
}

Connection::Event Connection::on_accepted_type(const msg::ChannelOpen& open, ChannelType type) {
    const auto* const direct = std::get_if<DirectTcpip>(&type);
    if (direct != nullptr && direct->target.port == 0) {
        refuse_remote(open.sender, OpenFailureReason::connect_failed, "no such port");
        return std::nullopt;
    }
    if (channels_.full()) {
        refuse_remote(open.sender, OpenFailureReason::resource_shortage,
                      "too many channels on this connection");
        return std::nullopt;
    }
    if (!config_.window_budget->has_room()) {
        refuse_remote(open.sender, OpenFailureReason::resource_shortage,
                      "too many channels for the memory that their windows may take");
        return std::nullopt;
    }
    const Channel& channel = channels_.emplace(windows_of_next_, *config_.window_budget, open);
    return ChannelRequested{channel.local(), std::move(type)};
}

void Connection::refuse_remote(ChannelId remote, OpenFailureReason reason,
                               std::string_view description) {
    out_.send(msg::ChannelOpenFailure{remote, static_cast<std::uint32_t>(reason), description, ""});
}

std::optional<ChannelId> Connection::open(const ChannelType& type, ChannelUser& user,
                                          TimePoint now) {
    if (channels_.full() || !config_.window_budget->has_room()) return std::nullopt;
    Channel& channel = channels_.emplace(windows_of_next_, *config_.window_budget);
    channel.open_deadline = now + config_.open_time_limit;
    open_deadlines_.push_back({channel.open_deadline, channel.local()});

    ByteVector payload = encoded(msg::ChannelOpen{
        name_of(type), channel.local(), channel.receive_window(), Channel::maximum_packet});
    encode_fields(type, payload);
    out_.send(payload);
    channel.user = &user;
    return channel.local();
}

void Connection::accept(ChannelId id, ChannelUser& user) {
    Channel& channel = *channels_.find(id);
    assert(channel.state() == Channel::State::requested);
    channel.confirmed();
    out_.send(msg::ChannelOpenConfirmation{channel.remote(), channel.local(),
                                           channel.receive_window(), Channel::maximum_packet});
    channel.user = &user;
}

void Connection::refuse(ChannelId id, const OpenFailure& failure) {
    Channel& channel = *channels_.find(id);
    assert(channel.state() == Channel::State::requested);
    refuse_remote(channel.remote(), failure.reason, failure.description);
    erase(channel);
}

void Connection::on_open_confirmation(Bytes payload) {
    const auto message = decode<msg::ChannelOpenConfirmation>(payload);
    Channel* const channel = channels_.unanswered(message.recipient);
    if (channel == nullptr) return irregularities_.note(Irregularity::late_reply);
    channel->on_confirmation(message);
    if (channel->user == nullptr) return send_close(*channel);
    update_turn(*channel);
    channel->user->on_opened();
}

void Connection::on_open_failure(Bytes payload) {
    const auto message = decode<msg::ChannelOpenFailure>(payload);
    Channel* const channel = channels_.unanswered(message.recipient);
    if (channel == nullptr) return irregularities_.note(Irregularity::late_reply);
    const OpenFailure failure{static_cast<OpenFailureReason>(message.reason),
                              std::string{message.description}};
    ChannelUser* const user = std::exchange(channel->user, nullptr);
    erase(*channel);
    if (user != nullptr) user->on_refused(failure);
}

std::optional<TimePoint> Connection::next_deadline() {
    while (!open_deadlines_.empty()) {
        const OpenDeadline& first = open_deadlines_.front();
        const Channel* const channel = used(first.channel);
        const bool waits =
            channel != nullptr && channel->is_unanswered() && channel->open_deadline == first.at;
        if (waits) return first.at;
        open_deadlines_.pop_front();
    }
    return std::nullopt;
}

void Connection::on_time(TimePoint now) {
    for (auto deadline = next_deadline(); deadline && now >= *deadline;
         deadline = next_deadline()) {
        Channel& channel = *channels_.find(open_deadlines_.front().channel);
        open_deadlines_.pop_front();
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(config_.open_time_limit).count();
        const OpenFailure failure{OpenFailureReason::connect_failed,
                                  fmt::format("the server gave no answer within {} s", seconds)};
        take_user(channel).on_refused(failure);
    }
}

// ---------------------------------------------------------------------- the stream

/// The channel that takes these data, or null where they are dropped: after EOF, after CLOSE.
Channel* Connection::data_channel(ChannelId id, std::size_t bytes) {
    Channel* const channel = established(id, Irregularity::late_data);
    if (channel == nullptr) {
        channels_.on_late_data(id, bytes);
        return nullptr;
    }
    if (channel->on_data(bytes)) return channel;
    if (channel->has_received_eof()) irregularities_.note(Irregularity::data_after_eof);
    return nullptr;
}

void Connection::on_data(Bytes payload, TimePoint now) {
    const auto message = decode<msg::ChannelData>(payload);
    if (inbox_.full() || inbox_.channel() != message.recipient) hand_over(now);
    Channel* const channel = data_channel(message.recipient, message.data.size());
    if (channel == nullptr) return;
    if (channel->small_received.is_sparse_after(message.data.size()))
        interactive_.on_small_message(now);
    inbox_.add(channel->local(), message.data, now);
}

void Connection::on_extended_data(Bytes payload, TimePoint now) {
    // No forwarding has a second stream: it is counted, dropped, and its window given back.
    const auto message = decode<msg::ChannelExtendedData>(payload);
    Channel* const channel = data_channel(message.recipient, message.data.size());
    if (channel != nullptr) return_credit(*channel, message.data.size(), now);
}

void Connection::hand_over(TimePoint now) {
    if (inbox_.empty()) return;
    // The user may have reset the channel meanwhile: then the data are dropped.
    if (Channel* const channel = used(inbox_.channel())) write_to(*channel, Rest::keep, now);
    inbox_.clear();
}

bool Connection::offer(TimePoint now) {
    if (inbox_.empty()) return true;
    if (inbox_.time_left(now) == Duration::zero()) {
        hand_over(now);
        return true;
    }
    if (Channel* const channel = used(inbox_.channel())) write_to(*channel, Rest::leave, now);
    if (used(inbox_.channel()) == nullptr) inbox_.clear();
    return inbox_.empty();
}

bool Connection::inbox_is_orphaned() const noexcept {
    return !inbox_.empty() && used(inbox_.channel()) == nullptr;
}

void Connection::write_to(Channel& channel, Rest rest, TimePoint now) {
    const std::size_t written = channel.user->write(inbox_.pieces(), rest);
    inbox_.drop_front(written);
    // A user that reset the channel within the call gets no more credit for it.
    if (written > 0 && channel.user != nullptr) return_credit(channel, written, now);
}

void Connection::fit_first_window(double bytes) noexcept {
    const WindowSizes& sizes = config_.receive_window;
    const std::uint32_t least = std::min(sizes.first_on_short_path, sizes.first);
    windows_of_next_.first =
        static_cast<std::uint32_t>(std::clamp<double>(bytes, least, sizes.first));
}

void Connection::delivered(ChannelId id, std::size_t bytes, TimePoint now) {
    if (Channel* const channel = used(id)) return_credit(*channel, bytes, now);
}

void Connection::return_credit(Channel& channel, std::size_t bytes, TimePoint now) {
    inbox_.on_delivered(bytes);
    const std::uint32_t grant = channel.data_delivered(
        static_cast<std::uint32_t>(bytes), PathSample{now, round_trip_, peer_limits_inflight_});
    if (grant > 0) out_.send(msg::ChannelWindowAdjust{channel.remote(), grant});
}

void Connection::on_window_adjust(Bytes payload) {
    const auto message = decode<msg::ChannelWindowAdjust>(payload);
    Channel* const channel = established(message.recipient, Irregularity::late_window_adjust);
    if (channel == nullptr) return;
    channel->on_adjust(message.bytes);
    update_turn(*channel);
}

void Connection::set_readable(ChannelId id) {
    Channel* const channel = used(id);
    if (channel == nullptr) return;
    channel->set_readable(true);
    update_turn(*channel);
}

void Connection::update_turn(Channel& channel) {
    if (channel.may_send()) {
        scheduler_.set_ready(channel.turn);
    } else {
        scheduler_.set_idle(channel.turn);
    }
}

std::optional<Connection::SendTurn> Connection::next_turn() {
    const Scheduler::Turn turn = scheduler_.next();
    if (turn.entry == nullptr) return std::nullopt;
    Channel& channel = Channel::of(*turn.entry);
    return SendTurn{.channel = channel,
                    .bytes = std::min<std::size_t>(turn.bytes, channel.turn_size()),
                    .packet_bytes = channel.packet_capacity()};
}

void Connection::on_turn_over(Channel& channel, const ChannelRead& read, TimePoint now) {
    using Then = ChannelRead::Then;
    if (read.bytes > 0 && channel.small_sent.is_sparse_after(read.bytes))
        interactive_.on_small_message(now);
    channel.data_sent(static_cast<std::uint32_t>(read.bytes));
    if (read.then != Then::more) channel.set_readable(false);
    scheduler_.on_sent(channel.turn, read.bytes);
    update_turn(channel);
    if (read.then == Then::eof || read.then == Then::closed) send_eof(channel);
    if (read.then == Then::closed) close(channel.local());
    if (read.then == Then::failed) reset(channel.local());
}

// ---------------------------------------------------------------------- ending

Channel* Connection::used(ChannelId id) const noexcept {
    Channel* const channel = channels_.find(id);
    return channel != nullptr && channel->user != nullptr ? channel : nullptr;
}

ChannelUser& Connection::take_user(Channel& channel) noexcept {
    inbox_.forget(channel.local());
    return *std::exchange(channel.user, nullptr);
}

void Connection::send_eof(Channel& channel) {
    assert(channel.state() == Channel::State::open && !channel.has_sent_eof());
    channel.eof_sent();
    update_turn(channel);
    out_.send(msg::ChannelEof{channel.remote()});
}

void Connection::send_close(Channel& channel) {
    channel.close_sent();
    scheduler_.remove(channel.turn);
    out_.send(msg::ChannelClose{channel.remote()});
}

void Connection::close(ChannelId id) {
    Channel* const channel = used(id);
    if (channel == nullptr) return;
    take_user(*channel);
    if (!channel->is_unanswered()) send_close(*channel);
}

void Connection::reset(ChannelId id) {
    Channel* const channel = used(id);
    if (channel == nullptr) return;
    if (peer_knows_reset_ && channel->state() == Channel::State::open) {
        out_.send(msg::ChannelRequest{channel->remote(), reset_request, false});
    }
    close(id);
}

void Connection::lose() noexcept {
    channels_.for_each([](Channel& channel) {
        if (channel.user != nullptr) std::exchange(channel.user, nullptr)->on_lost();
    });
}

void Connection::on_eof(Bytes payload, TimePoint now) {
    const auto message = decode<msg::ChannelEof>(payload);
    hand_over(now);
    Channel* const channel = established(message.recipient, Irregularity::late_eof);
    if (channel == nullptr) return;
    if (channel->has_received_eof()) irregularities_.note(Irregularity::second_eof);
    if (channel->on_eof() && channel->user != nullptr) channel->user->on_eof();
}

void Connection::on_close(Bytes payload, TimePoint now) {
    const auto message = decode<msg::ChannelClose>(payload);
    const bool has_tail = waits_for(message.recipient);
    if (!has_tail) hand_over(now);
    Channel* const channel = established(message.recipient, Irregularity::late_close);
    if (channel == nullptr) return;
    const ChannelEnd end = channel->on_close();
    if (channel->state() == Channel::State::open) send_close(*channel);
    ChannelUser* const user = channel->user;
    if (user != nullptr) take_user(*channel);
    erase(*channel);
    if (user == nullptr) return;
    // Its channel is gone: what is passed on of the tail makes no more window.
    if (has_tail) user->write(inbox_.pieces(), Rest::keep);
    if (has_tail) inbox_.clear();
    user->on_closed(end);
}

void Connection::on_channel_request(Bytes payload) {
    Reader in{payload};
    const auto request = decode_head<msg::ChannelRequest>(in);
    Channel* const channel = established(request.recipient, Irregularity::late_channel_request);
    if (channel == nullptr) return;
    if (request.type == reset_request) {
        in.expect_end();
        channel->on_reset_request();
    } else if (request.want_reply && channel->state() == Channel::State::open) {
        out_.send(msg::ChannelFailure{channel->remote()});
    }
}

/// None of our requests asks for a reply.
void Connection::on_channel_reply(ChannelId id) {
    if (established(id, Irregularity::late_reply) == nullptr) return;
    irregularities_.note(Irregularity::unasked_channel_reply);
}

void Connection::erase(Channel& channel) {
    scheduler_.remove(channel.turn);
    channels_.erase(channel.local());
}

}  // namespace culvert
