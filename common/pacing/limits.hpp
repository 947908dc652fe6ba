#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/time.hpp"

/// Every number by which the layers of SSH, the session and the relay decide how much and how soon:
/// changing one changes speed, memory or patience, and never what is right. Grouped by what they
/// decide. Sizes are in bytes; times have a type; all else says its unit.
///
/// Each has its source. "Measured" names a figure and where it stands: docs/performance.md, the
/// commit, or the prototypes that came before the program (a pair of processes with one
/// connection, AES-256-GCM, loopback, two CPUs). "By design" was chosen and not measured;
/// what it follows from is said.
///
/// The table lies below compression/ and transport/, since they take numbers from it, too. Not in
/// it: constants of a protocol (they stand beside the code of that protocol); how hard the
/// compressors try (beside their measurements, in compression/zlib.cpp and zstd.cpp); times of
/// dialing, listening and logs (net/, log/), and of each program (client/, server/).
namespace culvert::limits {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;

/// Data of a packet, each way. Measured with the prototypes: larger ones gained nothing, and other
/// peers use this.
inline constexpr std::uint32_t packet = 32 * kib;

// ---------------------------------------------------------------------- how much may be in flight
namespace congestion {

/// Of the bandwidth-delay product (BBR's cwnd_gain). Keeps the path full while pongs come late or
/// in clumps. Measured: 0.97 of a link of 20 Mbit/s and 50 ms with a deep queue, at 0.13 of ssh's
/// round trip (docs/performance.md).
inline constexpr double gain = 2;
/// The same during startup: any rate is reached in a few round trips. Measured (02e066a): 10 MB
/// over 100 ms in 1.04 s; 8 stood twice as long in a queue, and was 100 ms sooner.
inline constexpr double startup_gain = 4;
/// The same during ProbeRTT. By design: below 1, so that the queue runs empty, and above BBR's 0.5,
/// so that the path is used meanwhile.
inline constexpr double probe_rtt_gain = 0.75;
/// What the path carries meanwhile may be in flight, too: programs that wait for a processor
/// answer late. On loopback that is nearly all of the window. By design: some time slices of a busy
/// CPU.
inline constexpr Duration scheduling_slack = std::chrono::milliseconds{10};
/// Without any sample. Measured (cc4bcfe): 512 KiB held slow links back.
inline constexpr std::size_t initial_window = 256 * kib;
/// One packet can always leave.
inline constexpr std::size_t minimum_window = packet;
/// More than any path carries, and less than an integer holds.
inline constexpr double largest_window = 1e12;

/// Startup ends when the rate has not grown by this factor (BBR 4.3.1.2) ...
inline constexpr double full_pipe_growth = 1.25;
/// ... in so many rounds (BBR 4.3.1.2), or in one whose round trip is longer by that factor.
inline constexpr unsigned full_pipe_rounds = 3;
/// Rounds in a span of the bandwidth filter, which looks at two spans: BBR v1 looks at ten rounds.
inline constexpr unsigned bandwidth_span_rounds = 8;
/// A span of the round trip filter, which looks at two (BBR: MinRTTFilterLen, 10 s).
inline constexpr Duration round_trip_span = std::chrono::seconds{10};

/// Probes a window, so that samples come eight times in a round trip. What is left of the window
/// below such a part isn't used: a runt costs more than it carries. By design.
inline constexpr std::size_t probes_a_window = 8;
/// Probes in flight: startup_gain windows of them.
inline constexpr std::size_t most_probes = 32;
/// A peer that announced pings and has not answered the first one in so long answers none. By
/// design: longer than the queue of any path that is of use.
inline constexpr Duration pong_time_limit = std::chrono::seconds{30};

}  // namespace congestion

// ---------------------------------------------------------------------- beside small messages
// Measured with the prototypes: for 5 ms after a small message, turns of 16 to 32 KiB and twice
// that a receive took the round trip beside bulk from 928 us to 310 down, from 1,009 to 262 up.
namespace interactive {

/// The largest small message. By design: requests, replies and keystrokes fit, and bulk comes in
/// packets of eight times that.
inline constexpr std::size_t largest_message = 4 * kib;
/// How long after a small message the next is expected.
inline constexpr Duration memory = std::chrono::milliseconds{5};
/// The most data of a turn meanwhile.
inline constexpr std::size_t turn = packet;
/// The most that is received or sent with one call meanwhile.
inline constexpr std::size_t batch = 64 * kib;

}  // namespace interactive

// ---------------------------------------------------------------------- output that is kept ready
namespace send_backlog {

/// What the connection carries in this time is kept ready, here and unsent in the kernel: a
/// keystroke waits behind it. Measured (842e29e): 54 ms beside bulk at 20 Mbit/s, ssh 628 ms.
inline constexpr Duration worth = std::chrono::milliseconds{5};
/// Measured with the prototypes: 0.86 to 1.05 CPU s/GB, the least of all sizes; with 16 KiB unsent
/// in the kernel a fifth more.
inline constexpr std::size_t largest = 512 * kib;
/// One packet is always worth a send.
inline constexpr std::size_t smallest = packet;
/// The rate over less is chance. By design: twice `worth`.
inline constexpr Duration shortest_measurement = std::chrono::milliseconds{10};
/// The kernel is told (TCP_NOTSENT_LOWAT) when the backlog has changed by this factor. By design:
/// a system call for each doubling costs nothing.
inline constexpr std::size_t worth_telling = 2;

}  // namespace send_backlog

// ---------------------------------------------------------------------- how much at once
namespace io {

/// What all connections of the process move at once, together. Measured (docs/performance.md):
/// 1,000 connections with ten streams each keep culvertd at 133 MiB.
inline constexpr std::size_t together = 64 * mib;
/// A packet, and the next one's head.
inline constexpr std::size_t least = 48 * kib;
/// Measured with the prototypes: receives of 1 MiB cost a quarter less CPU than those of 64 KiB.
/// The rest is for a packet that has not arrived whole.
inline constexpr std::size_t largest = 1280 * kib;
/// Full receives or sends of one connection before the others of its thread go on. By design: five
/// milliseconds at 1 GB/s.
inline constexpr int batches = 4;

}  // namespace io

// ---------------------------------------------------------------------- slow readers
// Copying what a reader takes late cost up to four times the CPU (docs/performance.md; 42c0d4b: 40
// to 200 ticks for the same 1.5 GB).
namespace reader_wait {

/// Bytes a second: by design half of what bulk does. A slower reader's data cost little to copy.
inline constexpr double fast = 500e6;
/// The most tokens, and so the longest wait for one receive. A reader that shares its processor is
/// late by so much. By design: about a time slice (10 ms in 42c0d4b, for readers of any speed).
inline constexpr Duration most = std::chrono::milliseconds{4};
/// Other streams that received less than this ago would wait, too. By design: longer than a person
/// takes from one key to the next.
inline constexpr Duration alone_after = std::chrono::milliseconds{500};
/// Less costs more than it saves: a timer and a wake-up. By design.
inline constexpr Duration shortest = std::chrono::microseconds{100};

}  // namespace reader_wait

// ---------------------------------------------------------------------- a stream's turn
namespace turn {

/// A flow's quantum (RFC 8290 4.1.2). Measured with the prototypes: reads of 256 KiB 1.28 CPU s/GB,
/// of 64 KiB 1.54, of 32 KiB 1.76; another flow waits for it for a quarter of a millisecond.
inline constexpr std::size_t quantum = 256 * kib;
/// A flow that has sent less than this part of a quantum may pause and stay ahead of the old flows.
/// Measured (d668723): otherwise an exchange of small messages waited for two thirds of its round
/// trip. By design an eighth: a message is far smaller, and bulk waits for that much of each.
inline constexpr std::size_t parts_of_quantum = 8;
/// Packets of one turn, and so pieces of one readv: half a MiB of the largest.
inline constexpr std::size_t most_packets = 16;
/// A turn that exceeds the output's room by this part of it is finished all the same: what was left
/// would be a runt, with a read and a packet of its own (83bcfd4; silly window avoidance, RFC 9293
/// 3.8.6.2).
inline constexpr std::size_t parts_of_runt = 8;

/// What is read for a stream's first turn; doubled by a turn that fills it, halved by one that
/// leaves three quarters, so that a small stream takes no large buffer. By design.
inline constexpr std::uint32_t least_burst = 16 * kib;
inline constexpr std::uint32_t largest_burst = 512 * kib;

}  // namespace turn

// ---------------------------------------------------------------------- a channel's receive window
namespace window {

/// A channel's first, as OpenSSH's. Measured (cc4bcfe): 4 MiB with 512 KiB in flight held slow
/// links back.
inline constexpr std::uint32_t first = 2 * mib;
/// The first one for a peer that reads ahead, at least, where the path is short. Measured
/// (f63472f), with windows far too large: sshd took 36 s for what takes 3, since it spent its time
/// on moving what it had read.
inline constexpr std::uint32_t first_on_short_path = 512 * kib;
/// Of such a path, in bytes a second, the round trip says how large the first one is. By design: a
/// faster path is measured by its stream.
inline constexpr double fast_path = 1e9;
/// The usual ceiling (channel_window). By design: 670 MB/s over 100 ms.
inline constexpr std::uint32_t largest = 64 * mib;
/// Credit is returned a quarter at a time: a fast sender never runs dry, and one message serves
/// many packets. By design.
inline constexpr std::uint32_t grants = 4;

/// Slack added to the measured round trip: scheduling and queueing may delay a reader by this
/// without meaning that it needs a smaller window. By design.
inline constexpr Duration scheduling_slack = std::chrono::milliseconds{1};
/// And so may this part of a round trip: what it brings comes in clumps (4da5db9). By design.
inline constexpr int parts_of_round_trip = 4;
/// A round trip at least, for a peer that reads ahead: what lies in the system's buffers is read
/// faster than it comes, and the rate shows over several of its bursts only. By design.
inline constexpr Duration burst = std::chrono::milliseconds{5};
/// A window that holds its stream back grows by this factor. By design: 64 MiB in three steps.
inline constexpr std::uint32_t growth = 4;
/// A window is this many times what its reader takes in a round trip; with less it holds the stream
/// back. By design: half of it is on its way while the other half is read.
inline constexpr std::uint32_t headroom = 2;
/// It isn't needed where the reader takes less than this part of it in a round trip. By design.
inline constexpr std::uint32_t parts_not_needed = 8;
/// A window that was not needed for so long is halved. By design: longer than a pause in a
/// transfer.
inline constexpr Duration shrink_after = std::chrono::seconds{5};

/// The longest round trip that is taken for one. A peer that answers late on purpose gains no more.
inline constexpr Duration longest_round_trip = std::chrono::seconds{1};
/// In a key exchange, whose other end may be slow at it, or ask its user.
inline constexpr Duration longest_exchange = std::chrono::seconds{3};
/// When the round trip to a peer other than culvert is measured after the login, and by which
/// factor each next time is later, up to the last. By design: soon, and when neither the login nor
/// a stream that came with it may be in the way.
inline constexpr Duration first_measurement = std::chrono::milliseconds{200};
inline constexpr int measurement_growth = 5;
inline constexpr Duration last_measurement = std::chrono::seconds{5};

}  // namespace window

// ---------------------------------------------------------------------- the memory of all windows
namespace window_memory {

/// What all windows of a process claim, unless it is configured: a part of the machine's memory,
/// and no more than this. By design.
inline constexpr std::uint64_t largest = std::uint64_t{1024} * mib;
inline constexpr std::uint64_t parts_of_machine = 4;
/// The same for a connection that shares with none, as in tests.
inline constexpr std::uint64_t of_one_connection = 256 * mib;
/// A channel's least: two packets, since with less it would wait after each.
inline constexpr std::uint32_t least = 64 * kib;
/// First windows take this part of all, together, until there are many. By design: the rest is for
/// streams that have shown that they need it.
inline constexpr std::uint64_t parts_for_first = 8;
/// One window comes to this part of what is left (Choudhury and Hahne, 1998: alpha 1/4), which is a
/// fifth of all.
inline constexpr std::uint64_t parts_of_rest = 4;
/// Memory is short when so many parts of these are claimed. By design.
inline constexpr std::uint64_t short_parts = 3;
inline constexpr std::uint64_t short_of = 4;
/// Channels are refused when the claims come to this many times the memory. By design.
inline constexpr std::uint64_t overcommitment = 2;

}  // namespace window_memory

// ---------------------------------------------------------------------- buffers
namespace buffer {

/// A connection's input. It doubles as long as it is filled: seven times to what is received at
/// once at most.
inline constexpr std::size_t first_input = 16 * kib;
inline constexpr std::size_t largest_input = io::largest;
/// With less room behind it, or less than a part of the buffer, the unread rest moves to the
/// front. By design.
inline constexpr std::size_t least_input_room = 8 * kib;
inline constexpr std::size_t parts_of_input_room = 4;
/// Pieces of one channel's data that gather before they are written: what one writev takes in Asio.
inline constexpr std::size_t inbox_pieces = 64;
/// Chunks of what a socket has not taken: a few packets, and no more than a reader that is a little
/// behind may cost. By design.
inline constexpr std::size_t smallest_chunk = 4 * kib;
inline constexpr std::size_t largest_chunk = 64 * kib;
/// Room for an inflated payload at first: a packet, and one byte more, which tells that it was all.
inline constexpr std::size_t inflated_payload = 33 * kib;
/// Memory for inflated payloads: two of them at first.
inline constexpr std::size_t first_arena = 2 * inflated_payload;
/// What is passed on of it with one call. Measured (da3eab0): more is no better, and leaves the
/// CPU's second level of cache.
inline constexpr std::size_t full_arena = 256 * kib;
/// A connection that was silent for so long gives its buffers back. By design; an idle stream is
/// 3.9 KiB in both programs (docs/performance.md).
inline constexpr Duration idle_time = std::chrono::seconds{5};

}  // namespace buffer

// ---------------------------------------------------------------------- compression
namespace compression {

/// The compressor tries harder when the output has waited for the connection for this part of a
/// period, less hard below the other. Trying harder takes twice as long (zstd.cpp): of two thirds
/// of the time it leaves a third, and the level doesn't go back and forth. By design: a period is
/// long beside a blocked send, short beside what a person waits for.
inline constexpr Duration period = std::chrono::milliseconds{250};
inline constexpr int percent_for_thorough = 66;
inline constexpr int percent_for_quick = 15;

/// Samples that decide whether data shrink, and how long data that don't are stored before the
/// next. Measured (c4ea4e2): 1.6 CPU s/GB of noise where ssh takes 26.
inline constexpr std::size_t first_sample = 128 * kib;
inline constexpr std::size_t later_sample = 32 * kib;
inline constexpr std::size_t shortest_while = 1 * mib;
inline constexpr std::size_t longest_while = 256 * mib;
/// Smaller payloads say little about the next. By design.
inline constexpr std::size_t smallest_counted = 512;
/// Less isn't worth the time. By design.
inline constexpr std::size_t least_percent_saved = 5;
/// Shorter payloads are stored. Measured: at most 20 bytes of 100 are saved, for 4 us here and 3
/// there; nearly all that goes in interactive use is shorter.
inline constexpr std::size_t shortest_compressed = 128;

}  // namespace compression

// ---------------------------------------------------------------------- work before a yield
namespace work {

/// Payload that is handled before the thread's other connections go on. By design: a few
/// milliseconds; a few bytes may inflate to many.
inline constexpr std::size_t budget = 2 * mib;
/// What a message counts however short it is: it may open a socket. By design.
inline constexpr std::size_t of_message = 8 * kib;

}  // namespace work

// ---------------------------------------------------------------------- how long a peer may take
// All by design (docs/contract.md); those with a configuration key are its defaults.
namespace time_limit {

/// A login; from a server's first USERAUTH_PK_OK on, since the user may have to touch the key.
inline constexpr Duration login = std::chrono::seconds{30};
inline constexpr Duration login_with_key = std::chrono::seconds{120};
/// With a signature that takes longer the key's query is sent meanwhile: for login_with_key.
inline constexpr Duration slow_signature = std::chrono::seconds{1};
inline constexpr Duration key_exchange = std::chrono::seconds{120};
/// The host key's signature, which may come from another process. Nothing is read meanwhile, so
/// less than any of the others.
inline constexpr Duration host_signature = std::chrono::seconds{10};
/// The answer to CHANNEL_OPEN: a server tries the target for 10 s, and the rest is for its answer.
inline constexpr Duration channel_open = std::chrono::seconds{15};
/// Silence before a keepalive, and how many go without an answer.
inline constexpr Duration keepalive = std::chrono::seconds{15};
inline constexpr unsigned keepalive_misses = 3;
/// A program that takes nothing of the tail of a stream that is over at the far end.
inline constexpr Duration tail = std::chrono::seconds{30};
/// A peer that is told of the connection's end: for reading it.
inline constexpr Duration farewell = std::chrono::milliseconds{500};

}  // namespace time_limit

// ---------------------------------------------------------------------- what a peer may cost
// All by design: far above what real peers do, and bounded.
namespace peer {

/// Channels of a connection.
inline constexpr std::size_t channels = 16'384;
/// Freed channel ids that rest before they are used again: a peer that closes 1,000 channels a
/// second may send late messages for a second.
inline constexpr std::size_t resting_ids = 1024;
/// Global requests that wait for our answer: OpenSSH asks for all remote forwards of its command
/// line at once.
inline constexpr std::size_t global_requests = 4096;
/// Answers that wait to be read: more is a peer that asks and doesn't read.
inline constexpr std::size_t answers = 2 * mib;
/// All that waits to be read: 16,384 channels that we open and reset at once come to 8 MiB.
inline constexpr std::size_t output = 16 * mib;
/// A packet, once the user is authenticated; what a payload may inflate to.
inline constexpr std::uint32_t packet_length = 256 * kib;
inline constexpr std::size_t inflated_payload = 256 * kib;
/// Text of a server before the user is authenticated.
inline constexpr std::size_t banner = 16 * kib;
/// A server's lines ahead of its version.
inline constexpr std::size_t lines_before_version = 50;
inline constexpr std::size_t bytes_before_version = 8 * kib;
/// Extensions in EXT_INFO: OpenSSH announces four.
inline constexpr std::uint32_t extensions = 64;

}  // namespace peer

}  // namespace culvert::limits
