#include "monitor/connection_pages.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "hub/application.hpp"
#include "hub/black_box_text.hpp"
#include "monitor/timing_json.hpp"
#include "transport/uri.hpp"

namespace mythos::monitor {

using hub::ConnectionFacts;
using protocol::Wire;

namespace {

constexpr std::uint64_t kPageMax = 1'000, kPageUsual = 50;
constexpr std::size_t kAllEvents = std::size_t{1} << 20;

using Key = std::int64_t (*)(const ConnectionFacts&);
struct Sort {
    std::string_view name, field;  // of a row; either may be asked for
    Key key;
    bool is_known(std::int64_t value) const { return value > 0 || name != "rtt"; }
};
constexpr std::array<Sort, 5> kSorts{{
    {"age", "age_seconds", [](const ConnectionFacts& c) { return c.age.ns; }},
    {"rtt", "rtt_ms", [](const ConnectionFacts& c) { return c.rtt.ns; }},
    {"unacknowledged", "unacknowledged_ms", [](const ConnectionFacts& c) { return c.unacknowledged.ns; }},
    {"bytes", "sent_bytes", [](const ConnectionFacts& c) { return static_cast<std::int64_t>(c.sent_bytes); }},
    {"lag", "lag_entries", [](const ConnectionFacts& c) { return static_cast<std::int64_t>(c.lag_entries); }},
}};

Error bad(std::string message) { return {"bad_request", std::move(message)}; }

Json causes_json(std::uint8_t causes) {
    constexpr std::array<const char*, hub::kCauses> kNames{"heartbeat_missed", "unacknowledged", "lagging"};
    Json names = Json::array();
    for (std::size_t i = 0; i < kNames.size(); ++i)
        if ((causes >> i & 1) != 0) names.push_back(kNames[i]);
    return names;
}

void put_facts(Json& out, const ConnectionFacts& facts) {
    out["wire"] = protocol::to_string(facts.wire);
    out["mode"] = facts.standby ? "standby" : "mirror";
    out["healthy"] = facts.causes == 0;
    out["causes"] = causes_json(facts.causes);
    out["age_seconds"] = facts.age.seconds();
    out["rtt_ms"] = facts.rtt.ns > 0 ? Json(facts.rtt.seconds() * 1e3) : Json();
    out["unacknowledged_ms"] = facts.unacknowledged.seconds() * 1e3;
    out["lag_entries"] = facts.lag_entries;
    out["lag_bytes"] = facts.lag_bytes;
    out["sent_bytes"] = facts.sent_bytes;
    out["blocked"] = facts.blocked;
    out["loop"] = facts.loop;
}

}  // namespace

// What is asked of the loops, until all of them have answered.
struct ConnectionPages::Gathering {
    std::mutex mutex;
    std::size_t missing = 0;             // guarded by mutex: loops that have not answered
    std::vector<ConnectionFacts> found;  // guarded by mutex
    MonoTime give_up_at;                 // of the monitor's thread, as what follows
    Answers::Answer answer;              // none once it is answered
    std::function<MonitorAnswer(std::vector<ConnectionFacts>)> render;
};

struct ConnectionPages::Page {
    std::size_t sort = 0;
    bool ascending = false;
    std::uint64_t limit = kPageUsual, offset = 0;
    std::optional<Wire> wire;
    std::string player;

    static Result<Page> read(const MonitorRequest& request);
};

Result<ConnectionPages::Page> ConnectionPages::Page::read(const MonitorRequest& request) {
    const auto query = transport::QueryParameters::parse(request.query);
    if (!query) return bad("The query has a broken percent escape.");
    Page page;
    if (const auto sort = query->get("sort")) {
        const auto found = std::ranges::find_if(
            kSorts, [&sort](const Sort& each) { return each.name == *sort || each.field == *sort; });
        if (found == kSorts.end())
            return bad("A page is sorted by age, rtt, unacknowledged, bytes or lag, or by the field of a row.");
        page.sort = static_cast<std::size_t>(found - kSorts.begin());
    }
    if (const auto order = query->get("order")) {
        if (*order != "asc" && *order != "desc") return bad("An order is asc or desc.");
        page.ascending = *order == "asc";
    }
    if (const auto limit = query->get("limit")) {
        const auto number = transport::number_in<std::uint64_t>(*limit);
        if (!number || *number == 0 || *number > kPageMax) return bad("The limit is a number from 1 to 1000.");
        page.limit = *number;
    }
    if (const auto offset = query->get("offset")) {
        const auto number = transport::number_in<std::uint64_t>(*offset);
        if (!number) return bad("The offset is a number.");
        page.offset = *number;
    }
    if (const auto wire = query->get("wire")) {
        if (*wire != "websocket" && *wire != "sse") return bad("A wire is websocket or sse.");
        page.wire = *wire == "sse" ? Wire::sse : Wire::websocket;
    }
    if (const auto player = query->get("player")) {
        page.player = *player;
        if (!is_valid_name(page.player, kNameBytesMax)) return Error{"bad_name", "This is no player id."};
    }
    return page;
}

ConnectionPages::ConnectionPages(hub::Node& node, const Clock& clock, RunLater run_later)
    : node_(node), clock_(clock), run_later_(std::move(run_later)) {}

void ConnectionPages::register_at(Answers& answers) {
    answers.add_later(transport::Route::monitored_connections,
                      [this](const MonitorRequest& request, Answers::Answer answer) { page(request, answer); });
    answers.add_later(transport::Route::monitored_connection,
                      [this](const MonitorRequest& request, Answers::Answer answer) { one(request, answer); });
}

void ConnectionPages::ask(hub::Inquiry inquiry, Answers::Answer answer,
                          std::function<MonitorAnswer(std::vector<ConnectionFacts>)> render) {
    if (asked_.size() >= kAskedMax)
        return answer(Error{"overloaded", "Too many ask the loops of their connections at once; try again later."});
    const auto gathering = std::make_shared<Gathering>();
    gathering->missing = node_.loops();
    gathering->give_up_at = clock_.mono() + kAnsweredWithin;
    gathering->answer = std::move(answer);
    gathering->render = std::move(render);
    asked_.push_back(gathering);
    inquiry.answer = [this, gathering](std::vector<ConnectionFacts> found) {
        {
            const std::lock_guard lock(gathering->mutex);
            std::move(found.begin(), found.end(), std::back_inserter(gathering->found));
            if (--gathering->missing > 0) return;
        }
        run_later_([this, gathering] {
            std::erase(asked_, gathering);
            if (!gathering->answer) return;  // it took too long
            gathering->answer(gathering->render(std::move(gathering->found)));
        });
    };
    node_.inquire(std::move(inquiry));
}

void ConnectionPages::tick(MonoTime now) {
    for (const auto& gathering : asked_)
        if (gathering->answer && now >= gathering->give_up_at)
            std::exchange(gathering->answer, nullptr)(Error{"overloaded", "A loop did not answer in time."});
}

void ConnectionPages::page(const MonitorRequest& request, Answers::Answer answer) {
    const auto page = Page::read(request);
    if (!page) return answer(page.error());
    hub::Inquiry inquiry;
    inquiry.wire = page->wire;
    if (!page->player.empty()) {
        inquiry.keys = hub::Application(node_).keys_of(page->player);
        if (inquiry.keys.empty()) return answer(page_answer(*page, {}));
    }
    ask(std::move(inquiry), std::move(answer),
        [this, page = *page](std::vector<ConnectionFacts> found) { return page_answer(page, std::move(found)); });
}

MonitorAnswer ConnectionPages::page_answer(const Page& page, std::vector<ConnectionFacts> found) {
    const Sort& sort = kSorts[page.sort];
    const auto begin = std::min<std::uint64_t>(page.offset, found.size());
    const auto end = std::min<std::uint64_t>(begin + page.limit, found.size());
    const auto before = [&page, &sort](const ConnectionFacts& a, const ConnectionFacts& b) {
        const auto x = sort.key(a), y = sort.key(b);
        // What is not known stands last in either order.
        if (sort.is_known(x) != sort.is_known(y)) return sort.is_known(x);
        return x == y ? a.key < b.key : page.ascending ? x < y : x > y;
    };
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(end), found.end(), before);
    std::vector<hub::ConnectionKey> keys;
    for (auto i = begin; i < end; ++i) keys.push_back(found[i].key);
    const auto names = hub::Application(node_).names_of(keys);
    Json list = Json::array();
    for (auto i = begin; i < end; ++i) {
        const auto named = names.find(found[i].key);
        if (named == names.end()) continue;  // gone meanwhile
        Json one{{"connection_id", named->second.connection_id},
                 {"client_id", named->second.client_id},
                 {"player_id", named->second.player_id},
                 {"session_id", named->second.session_id},
                 {"opened_at", iso8601(named->second.opened_at)}};
        put_facts(one, found[i]);
        list.push_back(std::move(one));
    }
    const Json out{{"total", found.size()},
                   {"offset", page.offset},
                   {"limit", page.limit},
                   {"sort", sort.name},
                   {"order", page.ascending ? "asc" : "desc"},
                   {"connections", std::move(list)},
                   {"timestamp", iso8601(clock_.wall())}};
    return json_response(print(out));
}

void ConnectionPages::one(const MonitorRequest& request, Answers::Answer answer) {
    hub::Inquiry inquiry;
    inquiry.connection_id = request.parameter;
    ask(std::move(inquiry), std::move(answer),
        [this, id = request.parameter](std::vector<ConnectionFacts> found) { return one_answer(id, found); });
}

MonitorAnswer ConnectionPages::one_answer(const std::string& connection_id, const std::vector<ConnectionFacts>& found) {
    hub::Application application(node_);
    hub::BlackBoxWords words;
    words.epoch = application.epoch();
    words.channel = [&](std::uint64_t target) { return application.channel_name(target); };
    const auto events = [&](const hub::BlackBox& box) { return Json::parse(events_json(box, words, kAllEvents)); };
    Json out{{"connection_id", connection_id}};
    if (!found.empty() && found.front().detail) {
        const auto& detail = *found.front().detail;
        out.update({{"open", true},
                    {"client_id", detail.client_id},
                    {"player_id", detail.player_id},
                    {"session_id", detail.session_id},
                    {"opened_at", iso8601(detail.events.opened_at())}});
        put_facts(out, found.front());
        out["events_forgotten"] = detail.events.forgotten();
        out["events"] = events(detail.events);
        return json_response(print(out));
    }
    const auto closed = node_.closed().find(connection_id);
    if (closed == nullptr)
        return Error{"not_found", "No such connection is known: it never was, or it ended too long ago."};
    out.update({{"open", false},
                {"client_id", closed->client_id},
                {"player_id", closed->player_id},
                {"session_id", closed->session_id},
                {"opened_at", iso8601(closed->events.opened_at())},
                {"closed_at", iso8601(closed->closed_at)},
                {"close_code", closed->code},
                {"reason", stats::name_of(closed->why)},
                {"close_reason", closed->reason},
                {"abnormal", closed->abnormal},
                {"wire", protocol::to_string(closed->wire)},
                {"age_seconds", closed->lasted.seconds()},
                {"sent_bytes", closed->sent_bytes},
                {"events_forgotten", closed->events.forgotten()},
                {"events", events(closed->events)}});
    return json_response(print(out));
}

}  // namespace mythos::monitor
