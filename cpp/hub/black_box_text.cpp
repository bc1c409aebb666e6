#include "hub/black_box_text.hpp"

#include <nlohmann/json.hpp>

#include "base/ids.hpp"
#include "hub/survey_shard.hpp"
#include "protocol/json_text.hpp"

namespace mythos::hub {

namespace {

using Event = BlackBox::Event;
using json = nlohmann::ordered_json;

constexpr std::array<const char*, 5> kStarts{"head", "resumed", "session_expired", "foreign_epoch", "future_cursor"};
constexpr std::array<const char*, kCauses> kCauseNames{"heartbeat_missed", "unacknowledged", "lagging"};

double in_ms(std::uint64_t us) { return static_cast<double>(us) / 1e3; }

// What an event says beyond its name and time.
json values_of(const BlackBox::Reading& reading, const BlackBoxWords& words) {
    const auto& values = reading.values;
    const auto id = [&](std::uint64_t seq) { return format_cursor(words.epoch, seq); };
    switch (reading.event) {
        case Event::opened:
            return {{"start", kStarts.at(values[0])}, {"standby", values[1] != 0}, {"subscriptions", values[2]}};
        case Event::replayed:
            return {{"entries", values[0]}};
        case Event::subscribed:
        case Event::unsubscribed:
            if (const auto channel = words.channel ? words.channel(values[0]) : std::nullopt)
                return {{"channel", *channel}};
            return json::object();
        case Event::slow:
            return {{"times", values[0]}, {"drained", values[1] != 0}};
        case Event::signs: {
            json signs = json::object();
            if (values[0] > 0)
                signs = {{"pings", values[0]}, {"rtt_ms", in_ms(values[1])}, {"longest_rtt_ms", in_ms(values[2])}};
            if (values[3] > 0) signs.update({{"acks", values[3]}, {"acknowledged", id(values[4])}});
            return signs;
        }
        case Event::promoted:
            return {{"cursor", id(values[0])}};
        case Event::gap: {
            json gap{{"before", id(values[0])}};
            if (values[1] > 0) gap["lost"] = values[1] - 1;
            return gap;
        }
        case Event::unhealthy: {
            json causes = json::array();
            for (std::size_t i = 0; i < kCauses; ++i)
                if ((values[0] >> i & 1) != 0) causes.push_back(kCauseNames[i]);
            return {{"causes", causes}};
        }
        case Event::closing:
            return {{"close_code", values[0]}};
        case Event::demoted:
        case Event::healthy:
            break;
    }
    return json::object();
}

}  // namespace

std::string events_json(const BlackBox& box, const BlackBoxWords& words, std::size_t bytes_max) {
    std::vector<std::string> texts;
    const WallTime opened_at = box.opened_at();
    box.each([&](const BlackBox::Reading& reading) {
        json told{{"at", iso8601({opened_at.ns + reading.at.ns})}};
        if (reading.until > reading.at) told["until"] = iso8601({opened_at.ns + reading.until.ns});
        told["event"] = BlackBox::name_of(reading.event);
        told.update(values_of(reading, words));
        texts.push_back(told.dump(-1, ' ', false, json::error_handler_t::replace));
    });
    std::size_t first = texts.size(), bytes = 2;
    while (first > 0 && bytes + texts[first - 1].size() + 1 <= bytes_max) bytes += texts[--first].size() + 1;
    std::string out = "[";
    for (std::size_t i = first; i < texts.size(); ++i) out.append(out.size() > 1 ? "," : "").append(texts[i]);
    return out += ']';
}

}  // namespace mythos::hub
