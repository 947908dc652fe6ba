// The load of the bench: both ends of the streams that a tunnel carries. The server's processes and
// the tunnel's share the machine's cores with this, so it costs as little CPU as it can.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/load/content.hpp"
#include "tests/bench/load/measurements.hpp"
#include "tests/bench/load/path.hpp"
#include "tests/bench/load/server.hpp"

namespace {

using namespace load;

/// Every command is prepared here and run after the options are known.
struct Options {
    std::uint16_t port = 0;
    std::string content;
    int streams = 1;
    std::uint64_t bytes = 0;
    RoundTrips round_trips;
    int count = 0;
    int at_once = 16;
    Carriers carriers = Carriers::threads;
    std::uint16_t to = 0;
    Path path;
    std::vector<std::uint16_t> ports;
    Purpose direction = Purpose::source;
};

/// It lives until the program ends: threads may be sending it until then.
const Content& content_of(const Options& options) {
    static const Content content =
        options.content.empty() ? Content::noise() : Content::of_file(options.content);
    return content;
}

int run(int argc, char** argv) {
    CLI::App app{"culvert_load: measures what a tunnel carries; prints one line of JSON"};
    app.require_subcommand(1);
    Options options;
    const auto command = [&](const char* name, const char* text, auto work) {
        CLI::App* added = app.add_subcommand(name, text);
        added->callback(work);
        return added;
    };
    const auto with_port = [&](CLI::App* to) {
        to->add_option("--port", options.port, "of 127.0.0.1")->required();
        return to;
    };
    const auto with_content = [&](CLI::App* to) {
        to->add_option("--content", options.content, "the file that bulk repeats (noise)");
        return to;
    };

    const CLI::CheckedTransformer direction{
        std::map<std::string, Purpose>{{"up", Purpose::sink}, {"down", Purpose::source}}};

    with_content(command("serve", "sink, source and echo, until stdin ends", [&] {
        serve(content_of(options), options.carriers);
    }))->add_flag("--loop{1}", options.carriers, "one event loop for all streams");

    auto* path = command("path", "a long or narrow path to a port, until stdin ends",
                         [&] { run_path(options.path, options.to); });
    path->add_option("--to", options.to, "port of 127.0.0.1")->required();
    path->add_option("--delay", options.path.delay, "one way, in us");
    path->add_option("--megabits", options.path.megabits, "a second, each way");

    auto* many = with_content(command("many", "streams without end, until stdin ends", [&] {
        carry_many(options.ports, options.streams, options.direction, content_of(options));
    }));
    many->add_option("--ports", options.ports)->required()->delimiter(',');
    many->add_option("--streams", options.streams, "to each port");
    many->add_option("--direction", options.direction)->transform(direction);

    for (const auto& [name, purpose] :
         {std::pair{"up", Purpose::sink}, {"down", Purpose::source}}) {
        auto* bulk = with_content(with_port(command(name, "bulk", [&options, purpose = purpose] {
            measure_bulk(options.port, purpose, options.streams, options.bytes,
                         content_of(options));
        })));
        bulk->add_option("--streams", options.streams);
        bulk->add_option("--bytes", options.bytes, "of each stream")->required();
    }

    auto* trips = with_content(with_port(command("round-trips", "64 bytes there and back", [&] {
        measure_round_trips(options.port, options.round_trips, content_of(options));
    })));
    RoundTrips& wanted = options.round_trips;
    trips->add_option("--count", wanted.count);
    trips->add_option("--most", wanted.most, "time after which they end");
    trips->add_option("--pause", wanted.pause, "between two of them");
    trips->add_option("--settle", wanted.settle, "time that the bulk stream gets before them");
    trips->add_option("--bulk-port", wanted.bulk_port, "where a stream saturates the tunnel");
    trips->add_option("--beside", wanted.bulk, "its direction")->transform(direction);

    auto* fresh = with_port(command("new-streams", "streams a second", [&] {
        measure_new_streams(options.port, options.count, options.at_once);
    }));
    fresh->add_option("--count", options.count)->required();
    fresh->add_option("--at-once", options.at_once);

    with_port(command("idle", "streams that do nothing, until stdin ends",
                      [&] { hold_idle_streams(options.port, options.count); }))
        ->add_option("--count", options.count)
        ->required();

    CLI11_PARSE(app, argc, argv);
    std::fflush(stdout);
    std::_Exit(0);  // threads that still carry something end here
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "culvert_load: {}\n", error.what());
        return 1;
    }
}
