#include "sim/oracle.hpp"

#include <cstdio>

namespace mythos::sim {
namespace {

// What both wires must carry for an item, letter by letter.
std::string expected_json(const std::string& epoch, const Item& item) {
    char ts[32];
    const long long ms = item.ts_ns / 1'000'000;
    std::snprintf(ts, sizeof ts, "%lld.%03lld", ms / 1000, ms % 1000);
    return R"({"id":")" + epoch + "-" + std::to_string(item.seq) + R"(",)" + item.head + R"(,"ts":)" + ts +
           R"(,"data":)" + item.data + "}";
}

}  // namespace

std::string marker_of(const std::string& data) {
    constexpr std::string_view kOpen = R"("m":")";
    const auto begin = data.find(kOpen);
    if (begin == std::string::npos) return {};
    const auto from = begin + kOpen.size();
    return data.substr(from, data.find('"', from) - from);
}

Oracle::Oracle(const History& history, const Contents& contents, Rules rules)
    : history_(history), contents_(contents), rules_(rules), owed_(history) {
    for (const auto& [name, epoch] : history.epochs()) {
        for (const auto& item : epoch.items) {
            if (item.kind != ItemKind::message) continue;
            if (auto marker = marker_of(item.data); !marker.empty()) effects_[marker].push_back({name, item.seq});
        }
    }
}

const std::vector<Oracle::Effect>& Oracle::effects_of(const std::string& marker) const {
    static const std::vector<Effect> none;
    const auto it = effects_.find(marker);
    return it == effects_.end() ? none : it->second;
}

void Oracle::check_history() {
    for (const auto& fault : history_.faults()) find("history: " + fault);
    for (const auto& fault : owed_.faults()) find("history: " + fault);
}

void Oracle::check_contents() {
    for (const auto& fault : contents_.faults()) find("content: " + fault);
    for (const auto& [epoch, entries] : contents_.seen()) {
        for (std::size_t seq = 0; seq < entries.size(); ++seq) {
            if (entries[seq].empty()) continue;
            const Item* item = owed_.item(epoch, seq);
            if (item == nullptr || item->kind != ItemKind::message)
                find("content: " + epoch + "-" + std::to_string(seq) +
                     " was seen, but is not in the history: " + entries[seq]);
            else if (const auto expected = expected_json(epoch, *item); expected != entries[seq])
                find("content: " + entries[seq] + " was seen where the history has " + expected);
        }
    }
}

void Oracle::check_client(const ClientTranscript& client) {
    check_stream(client);
    for (const auto& wire : client.wires) check_wire(client, wire);
    check_commands(client);
}

}  // namespace mythos::sim
