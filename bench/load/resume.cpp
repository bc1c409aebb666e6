#include <algorithm>
#include <string>
#include <vector>

#include "load/failure.hpp"
#include "load/http_client.hpp"
#include "load/requests.hpp"
#include "load/scenarios.hpp"

namespace mythos::bench {

namespace {

constexpr double kStep_s = 15;

// Publishes `count` short messages that nobody here is owed, a batch at a time.
void publish_others(HttpClient& publisher, std::size_t count, std::size_t batch) {
    for (std::size_t sent = 0; sent < count;) {
        std::string body;
        for (std::size_t i = 0; i < batch && sent < count; ++i, ++sent) {
            body += body.empty() ? "" : ",";
            body += publish_body("channel", "bench:others", sent, 0);
        }
        publisher.post_and_wait("/api/publish", R"({"messages":[)" + body + "]}", kStep_s);
    }
}

// Resumes one player and gives the time from its connect to the entry owed, in nanoseconds.
std::int64_t resume_one(EventLoop& loop, Fleet& fleet, std::size_t index, std::uint64_t& received) {
    const std::uint64_t before = received;
    fleet.open(index, index + 1, true);
    Member& member = fleet.members()[index];
    if (!member.recovered) throw Failure("a resume was not recovered: is the retention large enough for this run?");
    if (!loop.run_until(kStep_s, [&] { return received > before; })) throw Failure("the entry owed did not come");
    return member.first_delivery_at_ns - member.connection.opened_at_ns();
}

}  // namespace

Report measure_resume(EventLoop& loop, const Target& target, const FleetOptions& fleet_options, const Resume& resume) {
    if (target.dialect == Dialect::plain) throw Failure("only a server with cursors can resume");
    Fleet fleet(loop, target, fleet_options);
    HttpClient publisher(loop, target.address, target.host);
    std::uint64_t received = 0;
    fleet.set_on_delivery([&](Member& member, std::uint64_t, std::string_view) {
        member.first_delivery_at_ns = now_ns();
        ++received;
    });
    fleet.add_players(resume.players, 0, 0);
    fleet.open_all();
    fleet.start_checks(7);
    fleet.close_all();
    for (const Member& member : fleet.members()) {
        publisher.post_and_wait("/api/publish", publish_body("player", fleet.name_of(member), 7, 128), kStep_s);
    }
    publish_others(publisher, resume.others, resume.batch);

    std::vector<std::int64_t> times_ns;
    for (std::size_t i = 0; i < resume.players; ++i) times_ns.push_back(resume_one(loop, fleet, i, received));
    loop.run_until(0.2, [] { return false; });  // a second copy would come now
    fleet.finish_checks(8);
    std::ranges::sort(times_ns);

    const auto us = [](std::int64_t ns) { return rounded(static_cast<double>(ns) / 1e3, 1); };
    Report report = account_report(fleet);
    report["others"] = resume.others;
    report["players"] = resume.players;
    report["resume_min_us"] = us(times_ns.front());
    report["resume_median_us"] = us(times_ns[times_ns.size() / 2]);
    report["resume_max_us"] = us(times_ns.back());
    return report;
}

}  // namespace mythos::bench
